// Pure functions on text, dates and citations. Offsets are Unicode code points,
// as the service counts them; JavaScript strings count UTF-16 units.

// segments cuts text at the spans: [{text, marked}] in order, overlaps joined.
// A span whose quote is not what stands there is left out: nothing wrong is marked.
export function segments(text, spans) {
  const points = Array.from(text)
  const good = spans
    .filter(s => s.start >= 0 && s.end > s.start && points.slice(s.start, s.end).join('') === s.quote)
    .sort((a, b) => a.start - b.start)
  const out = []
  let at = 0
  const push = (end, marked) => {
    if (end > at) out.push({ text: points.slice(at, end).join(''), marked })
    at = Math.max(at, end)
  }
  for (const s of good) {
    push(s.start, false)
    const last = out.at(-1)
    if (last?.marked && s.start <= at && s.end > at) last.text += points.slice(at, s.end).join(''), at = s.end
    else push(s.end, true)
  }
  push(points.length, false)
  return out
}

export const week = '일,월,화,수,목,금,토'

// showDate writes 2026-10-02 as 2026. 10. 2., with names of weekdays as 2026. 10. 2.(금).
export function showDate(iso, names = '') {
  const [y, m, d] = iso.split('-').map(Number)
  const s = `${y}. ${m}. ${d}.`
  return names ? `${s}(${names.split(',')[new Date(Date.UTC(y, m - 1, d)).getUTCDay()]})` : s
}

// clock and stamp write a time as it is in Korea, wherever the reader is.
const korea = time => new Date(new Date(time).getTime() + 324e5).toISOString()
export const clock = time => korea(time).slice(11, 16)
export const stamp = time => showDate(korea(time).slice(0, 10)) + ' ' + clock(time)

// dated writes the dates in a sentence of the service as showDate does.
export const dated = s => s.replace(/\d{4}-\d\d-\d\d/g, d => showDate(d))

// showPeriod writes the days of [from, until) with the last of them; open stands for no end.
export function showPeriod({ from, until }, open = '') {
  const last = until && new Date(Date.parse(until) - 864e5).toISOString().slice(0, 10)
  return `${from ? showDate(from) : ''} ∼ ${last ? showDate(last) : open}`.trim()
}

// readDate reads 2026.10.2, 2026-10-02, 20261002, 2026년 10월 2일, with whatever
// follows, and 오늘. '' stands for today; null is no date.
export function readDate(s) {
  s = s.normalize('NFKC').trim()
  if (s === '' || s === '오늘' || s.toLowerCase() === 'today') return ''
  const m = /^(\d{4})\s*[.\-/년]\s*(\d{1,2})\s*[.\-/월]\s*(\d{1,2})(?!\d)/.exec(s) || /^(\d{4})(\d{2})(\d{2})(?!\d)/.exec(s)
  if (!m) return null
  const [y, mo, d] = m.slice(1).map(Number)
  const date = new Date(Date.UTC(y, mo - 1, d))
  if (date.getUTCMonth() !== mo - 1 || date.getUTCDate() !== d || y < 1000) return null
  return date.toISOString().slice(0, 10)
}

export const noDate = '날짜를 2026. 10. 2. 형식으로 입력해 주세요.'

// inForce tells how a period [from, until) stands to a day: 'now', 'past', 'future', or '' where no dates are known.
export function inForce(period, on) {
  if (!period || (!period.from && !period.until)) return ''
  if (period.from && period.from > on) return 'future'
  if (period.until && period.until <= on) return 'past'
  return 'now'
}

// documentAt and draftAt are addresses of the page.
export const documentAt = id => '/documents?id=' + encodeURIComponent(id)
export const draftAt = id => '/drafts?id=' + encodeURIComponent(id)

export const kinds = {
  law: '법률', decree: '시행령', rule: '규칙', directive: '훈령·예규', ordinance: '조례', plan: '계획', report: '보고서',
  reply: '민원 답변', guide: '안내', press: '보도자료', other: '기타',
}

export const grades = { open: '공개', sensitive: '민감', classified: '기밀' }

// may tells whether the caller that /v1/status names holds a permission.
export const may = (service, permission) => !!service?.who?.permissions?.includes(permission)

// offers tells whether the service has a feature: drafts, documents, uploads.
export const offers = (service, feature) => !!service?.features?.includes(feature)
