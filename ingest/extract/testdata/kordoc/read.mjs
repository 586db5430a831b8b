// Prints one line of JSON for each file named on standard input: its text as
// kordoc reads it, block by block, or why it does not.
import { readFileSync } from 'node:fs'
import { parse } from 'kordoc'

function texts(block, out) {
  if (block.type === 'image') return // its text is a file name
  if (block.text) out.push(block.text)
  if (block.footnoteText) out.push(block.footnoteText)
  for (const child of block.children ?? []) texts(child, out)
  const table = block.table
  if (!table) return
  if (table.captionBlocks) for (const b of table.captionBlocks) texts(b, out)
  else if (table.caption) out.push(table.caption)
  for (const row of table.cells) {
    for (const cell of row) {
      if (cell.blocks) for (const b of cell.blocks) texts(b, out)
      else if (cell.text) out.push(cell.text)
    }
  }
}

for (const file of readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
  const result = await parse(readFileSync(file))
  const out = []
  for (const block of result.blocks ?? []) texts(block, out)
  console.log(JSON.stringify({ file, error: result.success ? '' : result.error, text: out.join('\n') }))
}
