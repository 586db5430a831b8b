// What is to be looked at beside a draft: requests, gaps, wording, earlier replies,
// evidence. v is the DraftView.
import { button, el, hint, link, say, t } from './dom.js'
import { cites } from './answer.js'
import { sentencesOf, textOf } from './lines.js'
import * as panel from './panel.js'
import { documentAt, showDate, week } from './text.js'

// review lists the parts, those that have something to say.
export const review = v => [changesPart(v), requestsPart(v), reviewPart(v), similarPart(v), sourcesPart(v), infoPart(v)].filter(Boolean)

function part(id, title, ...body) {
  return el('details', { open: true, 'data-part': id }, el('summary', {}, el('h2', { tabindex: '-1' }, title)), ...body)
}

// jump is a button that goes to a block.
const jump = (v, i, words) => el('button', { type: 'button', class: 'link', click: () => v.goTo(i) }, words ?? `${t('위치로')}: ${v.name(i)}`)

function changesPart(v) {
  if (!v.changes) return null
  const words = { verified: '근거 확인됨', unverified: '확인 필요', gap: '작성 필요', plain: '확인 대상 아님' }
  return part('changes', t('바뀐 부분 {n}', { n: v.changes.length }), !v.changes.length ? hint(t('저장된 판과 판정이 달라진 문장이 없습니다.'))
    : el('ul', { class: 'list' }, v.changes.map(c => el('li', {}, el('strong', {}, `${c.before ? t(words[c.before]) : t('새 문장')} → ${t(words[c.after] ?? c.after)}`),
      el('p', { class: 'quote', lang: 'ko' }, c.text), c.why ? el('p', { class: 'hint', lang: 'ko' }, c.why) : '', jump(v, c.block)))))
}

function requestsPart(v) {
  const all = v.answer.reply?.requests
  if (!all || v.public) return null
  const blocks = v.answer.blocks
  return part('requests', t('요청 목록 {n}', { n: all.length }), !all.length ? hint(t('요청 사항을 찾지 못했습니다. 민원 내용을 직접 확인해 주세요.'))
    : el('ol', { class: 'list' }, all.map((r, k) => {
      const at = placeOf(r, blocks)
      const facts = at.flatMap(i => blocks[i].sentences).filter(s => s.status !== 'plain' && s.status)
      const good = facts.filter(s => s.status === 'verified').length
      const word = good && good === facts.length ? '답변 있음' : good ? '일부' : '답변 없음'
      const seen = v.seen ??= new Set()
      return el('li', {}, el('label', { class: 'check' }, el('input', { type: 'checkbox', checked: seen.has(k), change: e => e.target.checked ? seen.add(k) : seen.delete(k) }),
        el('span', { class: 'vh' }, t('확인함') + ': '), el('span', { lang: 'ko' }, r.text)),
      el('p', {}, el('strong', { class: word === '답변 있음' ? 'word good' : 'word' }, t(word)), ' ', at.flatMap(i => [jump(v, i, v.name(i)), ' '])))
    })))
}

function reviewPart(v) {
  const found = []
  const add = (word, i, text, ...more) => found.push(el('li', {}, el('strong', { class: 'word' }, t(word)), ' ', el('span', { lang: 'ko' }, text), el('div', { class: 'actions' }, jump(v, i), ...more)))
  v.blocks.forEach((b, i) => {
    for (const s of sentencesOf(b)) {
      if (s.status === 'gap') add('작성 필요', i, s.text)
      else if (s.status === 'unverified') add('확인 필요', i, s.why || s.text)
      else if (s.status === 'edited') add('확인 전', i, s.text)
      else if (s.warn) add('단서 확인', i, s.warn)
      else if (/○○/.test(s.text)) add('빈자리', i, t('담당자 정보나 신청번호를 채워 주세요.'))
    }
  })
  const hints = v.public ? [] : (v.answer.hints ?? []).filter(h => !v.ignored.has(keyOf(h, v.blocks)))
  const first = found.length
  for (const h of hints) {
    if (!v.blocks[h.block]) continue
    const was = Array.from(textOf(v.blocks[h.block])).slice(h.start, h.end).join('')
    add('표현 점검', h.block, [h.text, h.fix ? el('span', { class: 'fix' }, ' ', el('del', {}, was), ' → ', el('ins', {}, h.fix)) : ''],
      h.fix ? button('고치기', () => { v.fix(h); nextHint(v) }) : '', button('무시', () => { v.ignored.add(keyOf(h, v.blocks)); v.drawSide(); nextHint(v) }, 'quiet'))
  }
  return part('review', t('검토 {n}', { n: found.length }), !found.length ? hint(t('남은 항목이 없습니다.'))
    : [el('ul', { class: 'list' }, found.slice(0, first)), hints.length ? [el('h3', {}, t('표현 점검 {n}', { n: hints.length })), el('ul', { class: 'list hints' }, found.slice(first))] : ''].flat())
}

function nextHint(v) {
  const left = v.side.querySelectorAll('.hints li')
  ;(left[0]?.querySelector('.actions button:not(.link)') ?? v.side.querySelector('[data-part=review] summary')).focus()
  say(t('남은 항목 {n}건', { n: left.length }))
}

function similarPart(v) {
  const all = v.answer.reply?.similar
  if (!all?.length || v.public) return null
  return part('similar', t('비슷한 답변 {n}', { n: all.length }), el('ul', { class: 'list' }, all.map(s => el('li', {},
    link(documentAt(s.doc_id), s.title, { lang: 'ko' }),
    el('p', { class: s.changed?.length ? 'hint attention' : 'hint', lang: 'ko' }, [s.date && showDate(s.date), s.changed?.length ? t('그 뒤 바뀐 조문') + ': ' + s.changed.join(', ') : t('인용한 조문은 바뀌지 않았습니다.')].filter(Boolean).join(' '))))))
}

export function used(v) {
  const ns = new Set(v.blocks.flatMap(b => sentencesOf(b).flatMap(cites)))
  return v.answer.sources.filter(s => ns.has(s.n))
}

function sourcesPart(v) {
  const all = used(v)
  return part('sources', t('쓰인 근거 {n}', { n: all.length }), el('ol', { class: 'used' }, all.map(s => el('li', { 'data-n': s.n, lang: 'ko' },
    el('button', { type: 'button', class: 'link', 'data-n': s.n }, el('span', { class: 'number' }, String(s.n)), el('span', {}, s.cite || s.title)), panel.badge(s.in_force, v.answer.on)))))
}

function infoPart(v) {
  const a = v.answer
  const box = (word, key, read = v => v, write = v => v) => {
    const input = el('input', { id: 'info-' + key, lang: 'ko', value: read(a[key]) ?? '', maxlength: '300', change: () => {
      a[key] = write(input.value.trim())
      v.title.textContent = a.title || a.question
      v.tell()
    } })
    return el('div', { class: 'field' }, el('label', { for: input.id }, t(word)), input)
  }
  const node = part('info', t('문서 정보'), hint(t('기준일 {date}', { date: showDate(a.on, t(week)) }), a.template ? `, ${a.template}` : ''), box('제목', 'title'),
    a.task === 'report' || a.gist ? [box('문서요지', 'gist'), box('키워드', 'keywords', v => (v ?? []).join(', '), v => v.split(',').map(w => w.trim()).filter(Boolean))] : '')
  node.open = false
  return node
}

const keyOf = (h, blocks) => `${h.code} ${Array.from(textOf(blocks[h.block] ?? { sentences: [] })).slice(h.start, h.end).join('')}`

// placeOf finds the blocks that answer a request: those below the line that repeats
// it, or those that the draft named at first.
function placeOf(r, blocks) {
  const head = blocks.findIndex(b => (b.level || 1) > 1 && textOf(b).includes(r.text.slice(0, 30)))
  if (head < 0) return (r.blocks ?? []).filter(i => i < blocks.length)
  const out = []
  for (let i = head + 1; i < blocks.length && (blocks[i].level || 1) > (blocks[head].level || 1); i++) out.push(i)
  return out.length ? out : [head]
}
