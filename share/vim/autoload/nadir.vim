" SPDX-License-Identifier: Apache-2.0
" Completion in graphs: operators, their settings, the choices of a setting.
function! s:words() abort
  if !exists('g:nadir_words')
    runtime nadir/words.vim
  endif
  return get(g:, 'nadir_words', {})
endfunction

" The operator whose settings stand at the cursor: the nearest name above.
function! s:operator() abort
  let l:words = s:words()
  for l:number in range(line('.'), max([1, line('.') - 40]), -1)
    let l:text = l:number == line('.') ? strpart(getline('.'), 0, col('.') - 1) : getline(l:number)
    for l:name in keys(l:words)
      if l:text =~? '\(^\|[-{ ]\)' . l:name . '\s*:' || l:text =~? '<operator>\s*' . l:name . '\s*<'
        return l:name
      endif
    endfor
  endfor
  return ''
endfunction

function! nadir#complete(findstart, base) abort
  let l:before = strpart(getline('.'), 0, col('.') - 1)
  if a:findstart
    return match(l:before, '[A-Za-z0-9_.-]*$')
  endif
  let l:words = s:words()
  let l:found = []
  let l:setting = matchstr(l:before, '\([A-Za-z0-9_]\+\)\ze\s*:\s*["'']\=$')
  let l:name = s:operator()
  if l:name !=# '' && l:setting !=# '' && has_key(l:words[l:name].settings, l:setting)
    for l:choice in l:words[l:name].settings[l:setting].choices
      call add(l:found, {'word': l:choice})
    endfor
  elseif l:before =~# '^\s*- *$' || l:before =~# '^\(input\|output\):\s*{\=\s*$' || l:before =~# '<operator>\s*$'
    for l:operator in sort(keys(l:words))
      call add(l:found, {'word': l:operator, 'menu': l:words[l:operator].brief})
    endfor
  elseif l:name !=# ''
    for l:key in sort(keys(l:words[l:name].settings))
      call add(l:found, {'word': l:key, 'menu': l:words[l:name].settings[l:key].help})
    endfor
  endif
  return filter(l:found, {_, w -> w.word =~? '^' . a:base})
endfunction
