// The due date of a complaint: the date first, how it was counted behind it.
import { el, t } from './dom.js'
import { showDate, week } from './text.js'

// dueCard shows d: the answer of /v1/deadlines or the reply of a draft. Of both are
// known due, counted and extension.
export function dueCard(d) {
  const [day, time = ''] = (d.due ?? '').split(' ')
  const printed = day ? showDate(day, t(week)) + (time && ' ' + time) : t('계산하지 않음')
  const ext = d.extension
  const lines = typeof ext === 'string' ? [ext] : !ext ? [] : [
    ext.verdict && el('strong', {}, `${ext.verdict}: ${ext.why}`),
    t('{n}회까지 연장할 수 있습니다.', { n: ext.times }),
    ext.reasons?.length && t('사유') + ': ' + ext.reasons.join(', '), ext.forbidden?.length && t('연장할 수 없는 사유') + ': ' + ext.forbidden.join(', '),
    ext.consent, ext.notice, ext.basis].filter(Boolean)
  return el('div', { class: 'due', role: 'group', 'aria-label': t('처리기한') },
    el('p', { class: 'due-line' }, el('strong', {}, t('처리기한'), ' '), el('span', { class: 'due-date nb', lang: 'ko' }, printed), ' ',
      el('span', { class: 'hint', lang: 'ko' }, [d.kind && t('{kind} 민원', { kind: d.kind }), d.period].filter(Boolean).join(', '))),
    d.kind_why ? el('p', { class: 'hint', lang: 'ko' }, t('종류를 이렇게 본 까닭') + ': ' + d.kind_why) : '',
    d.counted ? el('details', { open: true }, el('summary', {}, t('계산 과정')), el('p', { lang: 'ko' }, d.counted),
      d.skipped?.length ? el('table', { class: 'skipped' }, el('caption', {}, t('세지 않은 날')), el('tbody', {}, d.skipped.map(s =>
        el('tr', {}, el('th', { scope: 'row' }, el('s', { class: 'nb' }, showDate(s.day, t(week)))), el('td', { lang: 'ko' }, s.why))))) : '') : '',
    [d.caution, d.note].filter(Boolean).map(n => el('p', { class: 'hint attention', lang: 'ko' }, n)),
    lines.length ? el('details', {}, el('summary', {}, t('연장 가능 여부')), lines.map(l => el('p', { lang: 'ko' }, l))) : '')
}
