" SPDX-License-Identifier: Apache-2.0
" Graphs of nadir are known by their first words: input:, steps: or <graph.
" Set, not setfiletype: Vim's own detection has said yaml or xml before.
function! s:detect(kind) abort
  for l:line in getline(1, 40)
    if a:kind ==# 'yaml' && l:line =~# '^\(input\|steps\|output\):'
      set filetype=yaml.nadir
      return
    elseif a:kind ==# 'xml' && l:line =~# '<graph\>'
      set filetype=xml.nadir
      return
    endif
  endfor
endfunction
autocmd BufNewFile,BufRead *.yaml,*.yml call s:detect('yaml')
autocmd BufNewFile,BufRead *.xml call s:detect('xml')
