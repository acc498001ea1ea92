" SPDX-License-Identifier: Apache-2.0
" nadir check: two lines a mistake, file:line:column: what is wrong, then what to do.
if exists('current_compiler')
  finish
endif
let current_compiler = 'nadir'
CompilerSet makeprg=nadir\ check\ %:S
CompilerSet errorformat=%E%f:%l:%c:\ %m,%Z%m
