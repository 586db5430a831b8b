// What the forms of both tasks share: text field, date of reference, kind, errors.
import { $, alarm, button, el, t } from './dom.js'
import { get } from './api.js'
import { onEnter } from './compose.js'
import { recall, remember } from './settings.js'
import { kinds, noDate, readDate, showDate, week } from './text.js'

const maxLength = 2000 // code points, as the service counts them
let today = ''

export function setService(day, offered) {
  today = day
  for (const select of [$('ask-kind'), $('search-kind')]) {
    const had = select.value || recall(select.id) || ''
    select.length = 1
    for (const k of Object.keys(kinds)) if (!offered.length || offered.includes(k)) select.add(new Option(t(kinds[k]), k))
    select.value = had
    if (select.selectedIndex < 0) select.value = ''
  }
  for (const id of ['ask-on', 'search-on']) $(id).dispatchEvent(new Event('change'))
}

// agencies fills the list of agencies that the fields offer, once somebody asks for it.
let asked = false
async function agencies() {
  if (asked) return
  asked = true
  try {
    const { documents } = await get('/v1/documents?limit=100')
    $('agencies').replaceChildren(...[...new Set(documents.map(d => d.agency).filter(Boolean))].sort().map(a => new Option(a)))
  } catch { /* the name can be typed */ }
}

// bindForm checks and submits one form: submit({text, on, kinds, agencies}, scope in words).
export function bindForm({ form, field, on, kind, agency, empty, submit, multiline }) {
  const node = $(form), input = $(field), date = $(on), note = $(on + '-note'), error = $(field + '-error'), verb = node.querySelector('[type=submit]')
  let composing = false
  const fail = (target, text) => {
    error.textContent = text
    error.hidden = !text
    for (const e of [input, date]) e.setAttribute('aria-invalid', String(e === target && !!text))
    if (text) { target.focus(); alarm(text) }
  }
  const send = () => {
    if (verb.getAttribute('aria-disabled') === 'true') return
    const text = input.value.trim()
    const day = readDate(date.value)
    const over = Array.from(text).length - maxLength
    if (!text) return fail(input, t(empty))
    if (over > 0) return fail(input, t('{n}자를 줄여 주세요. 최대 {max}자입니다.', { n: over, max: maxLength }))
    if (day === null) return fail(date, t(noDate))
    fail(null, '')
    const kindName = $(kind).selectedOptions[0].textContent
    const names = $(agency).value.split(',').map(a => a.trim()).filter(Boolean)
    const scope = [`${t('기준일')} ${day || today ? showDate(day || today, t(week)) : t('오늘')}`, `${t('문서 종류')}: ${kindName}`,
      names.length && `${t('기관')}: ${names.join(', ')}`].filter(Boolean).join(', ')
    submit({ text, on: day, kinds: $(kind).value ? [$(kind).value] : undefined, agencies: names.length ? names : undefined }, scope)
  }
  $(agency).value = recall(agency) || ''
  $(agency).addEventListener('focus', agencies)
  for (const id of [kind, agency]) $(id).addEventListener('change', () => remember(id, $(id).value))
  node.addEventListener('submit', e => { e.preventDefault(); send() })
  onEnter(input, send, () => multiline && document.documentElement.dataset.enter === 'newline')
  input.addEventListener('compositionstart', () => { composing = true })
  input.addEventListener('compositionend', () => { composing = false })
  input.addEventListener('input', () => { if (!composing && !error.hidden) fail(null, '') })
  date.addEventListener('change', () => {
    const day = readDate(date.value)
    note.textContent = day === null ? t(noDate)
      : day || today ? t('기준일 {date}에 시행 중인 조문으로 찾습니다.', { date: showDate(day || today, t(week)) }) : ''
  })
  return { field: input, today: () => today, busy: on => verb.setAttribute('aria-disabled', String(on)), fail: text => fail(input, text), send }
}

// calendar returns the button 달력 for a text field with a date. It opens the
// browser's own calendar and writes the date as text.
export function calendar(field) {
  const native = el('input', { type: 'date', tabindex: '-1', class: 'native-date', 'aria-hidden': 'true' })
  native.addEventListener('change', () => {
    if (!native.value) return
    field.value = showDate(native.value)
    field.dispatchEvent(new Event('change'))
    field.focus()
  })
  const open = button('달력', () => {
    native.value = readDate(field.value) || today
    try { native.showPicker() } catch { field.focus() }
  }, 'quiet')
  open.dataset.t = '달력'
  return [open, native]
}

for (const field of [$('ask-on'), $('search-on')]) field.after(...calendar(field))
