// Pure functions on the lines of a draft: their marks, their sentences after an
// edit, and what differs between two texts.

// sentencesOf are those of a block, or the cells of a table.
export const sentencesOf = b => b.kind === 'table' ? (b.rows ?? []).flat() : b.sentences ?? []

// textOf is a block's sentences joined by one space, as hints count in it.
export const textOf = b => b.kind === 'table' ? (b.rows ?? []).map(r => r.map(c => c.text).join(' | ')).join('\n') : sentencesOf(b).map(s => s.text).join(' ')

const hangul = `가나다라마바사아자차카타파하`
const letter = n => n <= 14 ? hangul[n - 1] : hangul[Math.floor((n - 15) / 14) % 14] + hangul[(n - 1) % 14]
const roman = n => [[10, 'Ⅹ'], [9, 'Ⅸ'], [8, 'Ⅷ'], [7, 'Ⅶ'], [6, 'Ⅵ'], [5, 'Ⅴ'], [4, 'Ⅳ'], [3, 'Ⅲ'], [2, 'Ⅱ'], [1, 'Ⅰ']].reduce((out, [v, sign]) => {
  while (n >= v) out += sign, n -= v
  return out
}, '')
// The marks of 공문서: 1. 가. 1) 가) (1) (가) ① ㉮ (행정업무의 운영 및 혁신에 관한 규정 시행규칙 제2조).
const letterMarks = [n => `${n}.`, n => `${letter(n)}.`, n => `${n})`, n => `${letter(n)})`, n => `(${n})`, n => `(${letter(n)})`,
  n => String.fromCharCode(0x2460 + (n - 1) % 20), n => String.fromCharCode(0x326e + (n - 1) % 14)]

// marksOf gives the mark before each block, as it is printed.
export function marksOf(blocks, task, own) {
  const names = own?.length >= 5 ? own : ['Ⅰ.', '□', 'ㅇ', '-', '*']
  const counts = { heading: [], item: [] }
  return blocks.map(b => {
    const level = Math.min(Math.max(b.level || 1, 1), 8)
    if (b.kind !== 'item' && b.kind !== 'table') counts.item = []
    if (b.kind !== 'heading' && b.kind !== 'item') return ''
    const count = counts[b.kind]
    count[level] = (count[level] ?? 0) + 1
    count.length = level + 1
    if (task === 'reply') return b.kind === 'item' ? letterMarks[level - 1](count[level]) : ''
    if (b.kind === 'item') return names[1 + Math.min(level, 3)]
    return level > 2 ? '' : level === 1 && names[0][0] === 'Ⅰ' ? roman(count[level]) + '.' : names[level - 1]
  })
}

// plainLines are the lines of a draft for comparing versions.
export function plainLines(answer) {
  const marks = marksOf(answer.blocks, answer.task, answer.marks)
  const indent = b => b.kind === 'item' ? '  '.repeat(Math.max((b.level || 1) - (answer.task === 'reply' ? 1 : 0), 0)) : ''
  return [answer.title, ...answer.blocks.flatMap((b, i) => textOf(b).split('\n').map(line => indent(b) + (marks[i] && marks[i] + ' ') + line))].filter(Boolean)
}

const ends = /(?<=[가-힣)\]”’"'][.!?][”’)"']?)\s+/u

// resay gives the sentences of a text after an edit: those whose words are as before
// keep their citations and state; others wait for their check and keep the citations
// of what they replace.
export function resay(old, text) {
  let rest = text.replace(/\s+/g, ' ').trim()
  const head = [], tail = []
  const mid = [...old]
  for (let s; (s = mid[0]) && (rest === s.text || rest.startsWith(s.text + ' ')); mid.shift()) {
    head.push(s)
    rest = rest.slice(s.text.length).trimStart()
  }
  for (let s; (s = mid.at(-1)) && (rest === s.text || rest.endsWith(' ' + s.text)); mid.pop()) {
    tail.unshift(s)
    rest = rest.slice(0, -s.text.length).trimEnd()
  }
  const said = rest ? rest.split(ends) : []
  return [...head, ...said.map((s, i) => ({ text: s, cites: said.length === mid.length || mid.length === 1 ? mid[Math.min(i, mid.length - 1)].cites ?? [] : [], status: 'edited' })), ...tail]
}

// moved keeps the hints of blocks that are as before, at their new places.
export function moved(hints, before, after) {
  return (hints ?? []).flatMap(h => {
    const was = before[h.block]
    let at = after.indexOf(was)
    if (at < 0 && before.length === after.length) {
      const now = after[h.block]
      const points = Array.from(textOf(now)), found = Array.from(textOf(was)).slice(h.start, h.end).join('')
      if (points.slice(h.start, h.end).join('') === found) at = h.block
    }
    return at < 0 ? [] : [{ ...h, block: at }]
  })
}

// diff compares two lists: [[sign, item]], sign being = - or +.
export function diff(a, b) {
  const n = a.length, m = b.length
  const best = Array.from({ length: n + 1 }, () => new Uint32Array(m + 1))
  for (let i = n - 1; i >= 0; i--) for (let j = m - 1; j >= 0; j--) best[i][j] = a[i] === b[j] ? best[i + 1][j + 1] + 1 : Math.max(best[i + 1][j], best[i][j + 1])
  const out = []
  let i = 0, j = 0
  while (i < n || j < m) {
    if (i < n && j < m && a[i] === b[j]) out.push(['=', a[i++]]), j++
    else if (i < n && (j === m || best[i + 1][j] >= best[i][j + 1])) out.push(['-', a[i++]])
    else out.push(['+', b[j++]])
  }
  return out
}

// compare gives the lines of two versions, each as runs of words: [[[sign, text]]].
// A line that replaces another is compared word by word.
export function compare(from, to) {
  const out = []
  const steps = diff(from, to)
  for (let i = 0; i < steps.length;) {
    if (steps[i][0] === '=') { out.push([steps[i++]]); continue }
    const gone = [], come = []
    for (; i < steps.length && steps[i][0] !== '='; i++) (steps[i][0] === '-' ? gone : come).push(steps[i][1])
    for (let k = 0; k < Math.max(gone.length, come.length); k++) {
      if (gone[k] === undefined) out.push([['+', come[k]]])
      else if (come[k] === undefined) out.push([['-', gone[k]]])
      else out.push(joined(diff(gone[k].split(/(?<=\s)/), come[k].split(/(?<=\s)/))))
    }
  }
  return out
}

function joined(steps) {
  const out = []
  for (const [sign, text] of steps) {
    if (out.at(-1)?.[0] === sign) out.at(-1)[1] += text
    else out.push([sign, text])
  }
  return out
}
