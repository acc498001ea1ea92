" SPDX-License-Identifier: Apache-2.0
" Graphs of nadir: :make finds every mistake, CTRL-X CTRL-O completes.
if exists('b:did_nadir')
  finish
endif
let b:did_nadir = 1
compiler nadir
setlocal omnifunc=nadir#complete
setlocal iskeyword+=-
setlocal keywordprg=nadir\ help
