// What the forms of both tasks share: text field, date of reference, kind, errors.
import { $, alarm, t } from './dom.js'
import { Lost, Problem } from './api.js'
import { onEnter } from './compose.js'
import { kinds, readDate, showDate, week } from './text.js'

const maxLength = 2000 // code points, as the service counts them
let today = ''

export function setService(day, offered) {
  today = day
  for (const select of [$('ask-kind'), $('search-kind')]) {
    const had = select.value
    select.length = 1
    for (const k of Object.keys(kinds)) if (!offered.length || offered.includes(k)) select.add(new Option(t(kinds[k]), k))
    select.value = had
  }
  for (const id of ['ask-on', 'search-on']) $(id).dispatchEvent(new Event('change'))
}

// explain words an error: what happened and what to do.
export function explain(e) {
  if (e instanceof Lost) {
    document.dispatchEvent(new Event('lost'))
    return t('연결이 끊겼습니다. 입력한 내용은 그대로 있습니다. 다시 시도해 주세요.')
  }
  if (e instanceof Problem && e.detail) {
    return e.detail + (e.code === 'internal' ? ' ' + t('문의 번호: {id}', { id: e.id }) : '')
  }
  console.error(e)
  return t('처리하지 못했습니다. 입력한 내용은 그대로 있습니다. 다시 시도해 주세요.')
}

// bindForm checks and submits one form: submit({text, on, kinds}, scope in words).
export function bindForm({ form, field, on, kind, empty, submit, multiline }) {
  const node = $(form), input = $(field), date = $(on), note = $(on + '-note'), error = $(field + '-error'), button = node.querySelector('[type=submit]')
  let composing = false
  const fail = (target, text) => {
    error.textContent = text
    error.hidden = !text
    for (const e of [input, date]) e.setAttribute('aria-invalid', String(e === target && !!text))
    if (text) { target.focus(); alarm(text) }
  }
  const send = () => {
    if (button.getAttribute('aria-disabled') === 'true') return
    const text = input.value.trim()
    const day = readDate(date.value)
    const over = Array.from(text).length - maxLength
    if (!text) return fail(input, t(empty))
    if (over > 0) return fail(input, t('{n}자를 줄여 주세요. 최대 {max}자입니다.', { n: over, max: maxLength }))
    if (day === null) return fail(date, t('날짜를 2026. 10. 2. 형식으로 입력해 주세요.'))
    fail(null, '')
    const kindName = $(kind).selectedOptions[0].textContent
    const scope = `${t('기준일')} ${day || today ? showDate(day || today, t(week)) : t('오늘')}, ${t('문서 종류')}: ${kindName}`
    submit({ text, on: day, kinds: $(kind).value ? [$(kind).value] : undefined }, scope)
  }
  node.addEventListener('submit', e => { e.preventDefault(); send() })
  onEnter(input, send, () => multiline && document.documentElement.dataset.enter === 'newline')
  input.addEventListener('compositionstart', () => { composing = true })
  input.addEventListener('compositionend', () => { composing = false })
  input.addEventListener('input', () => { if (!composing && !error.hidden) fail(null, '') })
  date.addEventListener('change', () => {
    const day = readDate(date.value)
    note.textContent = day === null ? t('날짜를 2026. 10. 2. 형식으로 입력해 주세요.')
      : day || today ? t('기준일 {date}에 시행 중인 조문으로 찾습니다.', { date: showDate(day || today, t(week)) }) : ''
  })
  return { field: input, today: () => today, busy: on => button.setAttribute('aria-disabled', String(on)), fail: text => fail(input, text), send }
}

// The button 달력 opens the browser's own calendar and writes its date as text.
for (const button of document.querySelectorAll('[data-calendar]')) {
  const field = $(button.dataset.calendar)
  const native = document.createElement('input')
  native.type = 'date'
  native.tabIndex = -1
  native.className = 'native-date'
  native.setAttribute('aria-hidden', 'true')
  button.after(native)
  button.addEventListener('click', () => {
    native.value = readDate(field.value) || today
    try { native.showPicker() } catch { field.focus() }
  })
  native.addEventListener('change', () => {
    if (!native.value) return
    field.value = showDate(native.value)
    field.dispatchEvent(new Event('change'))
    field.focus()
  })
}
