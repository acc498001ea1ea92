" SPDX-License-Identifier: Apache-2.0
" Operators, settings and variables of graphs, on top of YAML's or XML's own colours.
if !exists('g:nadir_words')
  runtime nadir/words.vim
endif
for [s:name, s:operator] in items(get(g:, 'nadir_words', {}))
  execute 'syntax match nadirOperator /\<' . escape(s:name, '/\') . '\>\ze\s*\(:\|<\|$\)/ containedin=ALL'
  for s:setting in keys(s:operator.settings)
    execute 'syntax match nadirSetting /\<' . escape(s:setting, '/\') . '\>\ze\s*:/ containedin=ALL'
  endfor
endfor
syntax match nadirSection /^\(name\|variables\|input\|steps\|output\)\ze:/ containedin=ALL
syntax match nadirVariable /\${[^}]*}/ containedin=ALL
highlight default link nadirOperator Function
highlight default link nadirSetting Identifier
highlight default link nadirSection Keyword
highlight default link nadirVariable PreProc
