-- A session in headless Neovim: the very text that docs/editors.md says to paste, then what a user
-- does with a program, with the buffer looked at after each step.
--
-- Written for Neovim 0.7 and all that came after. Run by tests/editors/neovim.

local root = vim.fn.fnamemodify(debug.getinfo(1, 'S').source:sub(2), ':p:h:h:h')
local PATIENCE = 20000 -- milliseconds

local PROGRAM = {
  'model Net {',
  '    input x: [N, 8]',
  '    fc1: Lineer(4)',
  '    act: ReLU',
  '    fc2: Linear(2) from act',
  '    output y: [N, 2]',
  '}',
}

local function check(holds, what, found)
  if not holds then
    error(what .. (found ~= nil and (', but found ' .. vim.inspect(found)) or ''), 0)
  end
end

-- The first block of Lua in the page that has `word` in it.
local function pasted(word)
  local page = table.concat(vim.fn.readfile(root .. '/docs/editors.md'), '\n')
  for block in page:gmatch('```lua\n(.-)```') do
    if block:find(word, 1, true) then return block end
  end
  error('docs/editors.md has no text with ' .. word, 0)
end

local function lines() return vim.api.nvim_buf_get_lines(0, 0, -1, false) end

local function expect_buffer(what, wanted)
  local found = table.concat(lines(), '\n')
  check(found == table.concat(wanted, '\n'), what, found)
end

local function client()
  local all = vim.lsp.get_clients and vim.lsp.get_clients({ bufnr = 0 }) or vim.lsp.buf_get_clients(0)
  local _, found = next(all)
  return found
end

-- Asks until `fits` takes the answer: what was typed may not have been looked at yet.
local function ask(method, params, fits)
  local last
  local done = vim.wait(PATIENCE, function()
    local answers, problem = vim.lsp.buf_request_sync(0, method, params, PATIENCE)
    check(answers, method .. ' has an answer', problem)
    local _, answer = next(answers)
    check(answer, method .. ' has an answer')
    local failure = answer.err or answer.error
    check(not failure, method .. ' succeeds', failure)
    last = answer.result
    return last ~= nil and last ~= vim.NIL and fits(last)
  end, 50)
  check(done, method .. ' gives what is expected', last)
  return last
end

local function document() return { uri = vim.uri_from_bufnr(0) } end

local function at(line, column)
  return { textDocument = document(), position = { line = line, character = column } }
end

local function errors()
  return vim.diagnostic.get(0, { severity = vim.diagnostic.severity.ERROR })
end

local function apply(edit)
  vim.lsp.util.apply_workspace_edit(edit, client().offset_encoding or 'utf-16')
end

local steps = {
  { 'the pasted text starts the server for a .nn file', function()
    local modern = vim.lsp.config ~= nil
    assert(loadstring(pasted(modern and 'vim.lsp.config' or 'vim.lsp.start')))()
    local dir = vim.fn.tempname()
    vim.fn.mkdir(dir, 'p')
    vim.fn.writefile(PROGRAM, dir .. '/net.nn')
    vim.cmd('edit ' .. vim.fn.fnameescape(dir .. '/net.nn'))
    check(vim.bo.filetype == 'nn', 'the file type is nn', vim.bo.filetype)
    check(vim.bo.commentstring == '# %s', 'comments are known', vim.bo.commentstring)
    check(vim.wait(PATIENCE, function()
      local started = client()
      return started ~= nil and (started.initialized ~= false)
    end, 50), 'the server is there')
  end },

  { 'a misspelt layer is told of where it stands', function()
    check(vim.wait(PATIENCE, function() return #errors() > 0 end, 50), 'there is an error')
    local found = errors()
    check(#found == 1, 'one mistake is one error', found)
    check(found[1].lnum == 2 and found[1].col == 9, 'it is at `Lineer`', found[1])
    check(found[1].code == 'E0201', 'it is E0201', found[1])
  end },

  { 'its fix is offered and applied', function()
    local diagnostic = errors()[1]
    local range = {
      start = { line = diagnostic.lnum, character = diagnostic.col },
      ['end'] = { line = diagnostic.end_lnum, character = diagnostic.end_col },
    }
    local told = diagnostic.user_data and diagnostic.user_data.lsp or {}
    local params = {
      textDocument = document(),
      range = range,
      context = { diagnostics = { {
        range = range,
        message = diagnostic.message,
        severity = 1,
        code = diagnostic.code,
        source = diagnostic.source,
        data = told.data,
      } } },
    }
    local fix
    ask('textDocument/codeAction', params, function(actions)
      for _, action in ipairs(actions) do
        if not fix and (action.kind or ''):find('^quickfix') then fix = action end
      end
      return fix ~= nil
    end)
    if not fix.edit then fix = ask('codeAction/resolve', fix, function(whole) return whole.edit end) end
    apply(fix.edit)
    local wanted = vim.deepcopy(PROGRAM)
    wanted[3] = '    fc1: Linear(4)'
    expect_buffer('`Lineer` is `Linear` now', wanted)
    check(vim.wait(PATIENCE, function() return #errors() == 0 end, 50), 'no error is left', errors())
  end },

  { 'each line has its shape as a hint', function()
    local params = {
      textDocument = document(),
      range = { start = { line = 0, character = 0 }, ['end'] = { line = #lines(), character = 0 } },
    }
    local function text(hint)
      if type(hint.label) == 'string' then return hint.label end
      local parts = {}
      for _, part in ipairs(hint.label) do table.insert(parts, part.value) end
      return table.concat(parts)
    end
    ask('textDocument/inlayHint', params, function(hints)
      local found = {}
      for _, hint in ipairs(hints) do found[hint.position.line] = text(hint) end
      return (found[2] or ''):find('[N, 4]', 1, true) and (found[4] or ''):find('[N, 2]', 1, true)
    end)
  end },

  { 'a label is renamed wherever it stands', function()
    local params = at(3, 5)
    params.newName = 'hidden'
    apply(ask('textDocument/rename', params, function() return true end))
    local wanted = vim.deepcopy(PROGRAM)
    wanted[3] = '    fc1: Linear(4)'
    wanted[4] = '    hidden: ReLU'
    wanted[5] = '    fc2: Linear(2) from hidden'
    expect_buffer('`act` is `hidden` now', wanted)
  end },

  { 'the program is formatted', function()
    local before = lines()
    vim.api.nvim_buf_set_lines(0, 4, 5, false, { '  fc2 :Linear( 2 )from   hidden' })
    local params = { textDocument = document(), options = { tabSize = 4, insertSpaces = true } }
    local edits = ask('textDocument/formatting', params, function(edits) return #edits > 0 end)
    vim.lsp.util.apply_text_edits(edits, vim.api.nvim_get_current_buf(), client().offset_encoding or 'utf-16')
    expect_buffer('the line is as before', before)
    check(vim.wait(PATIENCE, function() return #errors() == 0 end, 50), 'no error is left', errors())
  end },

  { 'the server ends when it is told to', function()
    local running = client()
    local id = running.id
    vim.lsp.stop_client(id)
    check(vim.wait(PATIENCE, function() return vim.lsp.get_client_by_id(id) == nil end, 50), 'it ended')
  end },
}

local failed = false
for _, step in ipairs(steps) do
  local name, run = step[1], step[2]
  local fine, problem = pcall(run)
  io.stdout:write((fine and 'ok      ' or 'FAILED  ') .. name .. '\n')
  if not fine then
    io.stdout:write('        ' .. tostring(problem):gsub('\n', '\n        ') .. '\n')
    failed = true
    break
  end
end
vim.cmd(failed and 'cquit 1' or 'qall!')
