// The task 민원 답변: a complaint as it came in, and how it is to be decided.
import { el, errorLine, fill, hint, say, t } from './dom.js'
import * as api from './api.js'
import { dueCard } from './due.js'
import { bytes, dateField, dropZone, examples, field, fileField, notKept, select, taskForm } from './fields.js'
import { recall, remember } from './settings.js'
import { TaskView } from './task.js'
import { noDate, offers, showDate, week } from './text.js'

const legal = `법정` // the kind whose period the agency sets
// sample is the complaint of the sample agency, offered where its questions are.
const sample = `안녕하세요. 새봄구에 사는 이모형(010-0000-1014)입니다.
초등학생 두 아이를 키우는 다자녀 가정도 공영주차장 요금을 감면받을 수 있나요?
그리고 감면을 받으려면 어떤 증명서가 있어야 하나요?
전에 낸 민원은 담당자가 휴가라서 늦어진다는데, 담당자의 휴가를 이유로 처리 기간을 연장할 수 있나요?
빠른 답변 부탁드립니다.`
const view = new TaskView('reply', '민원 답변', '민원 내용에서 요청 사항과 처리기한을 뽑고, 근거 조문으로 답변 초안을 만듭니다. 결정과 발송은 담당자가 합니다.', build)

export const show = view.show.bind(view)

async function build(view, offered, service) {
  const last = recall('reply') ?? {}
  const text = el('textarea', { rows: '6', maxlength: '100000', class: 'complaint' })
  const received = dateField(t('접수일 (필수)'), day => day ? showDate(day, t(week)) : t('오늘'), service.today)
  const time = el('input', { inputmode: 'numeric', autocomplete: 'off', value: '09:00', class: 'time' })
  const kind = select([['', t('자동 제안')], ...offered.complaint_kinds.map(k => [k.name, k.period ? `${k.name} (${k.period})` : k.name])], '')
  const period = el('input', { maxlength: '20', autocomplete: 'off', class: 'time' })
  const own = field(t('처리기간'), period, t('예: 7일, 3시간'))
  own.hidden = true
  const decision = select(offered.decisions.map(d => [d.name, d.label]), last.decision)
  const remedy = select(offered.remedies.map(d => [d.name, d.label]), last.remedy)
  const [agency, department, name, phone] = ['agency', 'department', 'name', 'phone'].map(k => el('input', { autocomplete: 'off', maxlength: '100', value: last[k] ?? '' }))
  const number = el('input', { maxlength: '100', autocomplete: 'off' })
  const extend = el('input', { maxlength: '1000', autocomplete: 'off' })
  const slot = el('div', { class: 'due-slot', 'aria-live': 'off' })

  const moment = () => received.day === null || !/^([01]?\d|2[0-3]):[0-5]\d$/.test(time.value.trim()) ? null : `${received.day || service.today} ${time.value.trim().padStart(5, '0')}`
  // count shows the due date as soon as kind and day are known, before any draft.
  let asked = 0
  const count = async () => {
    const mine = ++asked
    own.hidden = kind.value !== legal
    const ready = moment() && kind.value && (kind.value !== legal || period.value.trim())
    if (!ready) return slot.replaceChildren(hint(t('종류를 고르면 처리기한을 바로 계산합니다. 자동 제안이면 초안과 함께 계산합니다.')))
    try {
      const due = await api.post('/v1/deadlines', { kind: kind.value, period: period.value.trim() || undefined, received: moment(), reason: extend.value.trim() || undefined })
      if (mine === asked) slot.replaceChildren(dueCard({ ...due, received: moment(), kind: kind.value }))
    } catch (e) {
      if (mine === asked) slot.replaceChildren(el('p', { class: 'error' }, api.explain(e)))
    }
  }
  for (const control of [received.input, time, kind, period, extend]) control.addEventListener('change', count)
  count()

  const form = taskForm([field(t('민원 내용 (필수)'), text, t('받은 그대로 붙여 넣어 주세요. 개인정보는 가린 뒤 처리합니다.')), offers(service, 'uploads') ? fromFile(text, service) : '',
    el('div', { class: 'options' }, received, field(t('접수 시각'), time, t('예: 10:30')), field(t('민원 종류'), kind), own), slot,
    el('div', { class: 'options' }, field(t('처리 방향'), decision), field(t('구제절차 안내'), remedy)),
    el('details', { class: 'more' }, el('summary', {}, t('선택 사항: 담당자, 신청번호, 연장 사유')),
      el('div', { class: 'options' }, field(t('기관'), agency), field(t('담당 부서'), department), field(t('성명과 직급'), name), field(t('전화번호'), phone)),
      hint(t('비우면 초안에 빈자리(○○과 ○○○)로 남습니다.')),
      el('div', { class: 'options' }, field(t('신청번호'), number), el('div', { class: 'field grow' }, ...field(t('연장하려는 사유'), extend, t('그날의 규정으로 연장할 수 있는지 봅니다.')).childNodes)))], t('초안 만들기'), () => {
    if (!text.value.trim()) return { control: text, text: t('민원 내용을 입력해 주세요.') }
    if (received.day === null) return { control: received.input, text: t(noDate) }
    if (!moment()) return { control: time, text: t('시각을 10:30 형식으로 입력해 주세요.') }
    if (kind.value === legal && !period.value.trim()) return { control: period, text: t('기관이 정한 처리기간을 입력해 주세요.') }
    const handler = { agency: agency.value.trim(), department: department.value.trim(), name: name.value.trim(), phone: phone.value.trim() }
    remember('reply', { decision: decision.value, remedy: remedy.value, agency: handler.agency, department: handler.department })
    send({ text: text.value, received: moment(), kind: kind.value, period: own.hidden ? '' : period.value.trim(), extend: extend.value.trim(), number: number.value.trim(),
      decision: decision.value, remedy: remedy.value, handler })
  })

  const send = async body => {
    const top = el('div', { class: 'due-slot' }, slot.querySelector('.due') ? slot.querySelector('.due').cloneNode(true) : hint(t('종류를 제안한 뒤 처리기한을 계산합니다.')))
    const on = body.received.slice(0, 10)
    const got = await view.start({ form, top, on, name: t('민원 답변 초안'), scope: t('접수 {date}', { date: showDate(on, t(week)) + ' ' + body.received.slice(11) }), body })
    if (!got?.reply) return
    top.replaceChildren(dueCard(got.reply))
  }
  return [form, examples(!service.examples?.length ? [] : [[sample.split('\n')[1], () => fill(text, sample)]])]
}

// fromFile puts the text of a file that is chosen, or dropped onto it or onto the
// field, into the field, and says what its reader has to say of it.
function fromFile(text, service) {
  const error = errorLine(), done = hint(), warnings = el('ul', { class: 'warnings' })
  let newest = null
  const read = async ([file, more]) => {
    newest = file
    const tell = (words, ...lines) => {
      done.textContent = words
      warnings.replaceChildren(...lines.map(w => el('li', { lang: 'ko' }, w)))
      say([words, ...lines].join(' '))
    }
    tell('')
    error.tell(more ? t('파일을 하나만 골라 주세요.') : file.size > service.upload_bytes ? t('파일 하나는 {size}까지 올릴 수 있습니다.', { size: bytes(service.upload_bytes) }) : '')
    if (!error.hidden) return
    tell(t('{name}을(를) 읽고 있습니다.', { name: file.name }))
    try {
      const got = await api.post('/v1/read', api.form({}, [file]))
      if (newest !== file) return
      if (got.text) fill(text, got.text)
      tell(got.text ? t('{name}에서 읽었습니다. 원본과 비교해 주세요.', { name: got.name }) : t('{name}에서 글을 찾지 못했습니다.', { name: got.name }), ...got.warnings)
    } catch (e) {
      if (newest !== file) return
      tell('')
      error.tell(api.explain(e))
    }
  }
  const node = el('div', { class: 'stack' }, fileField(t('파일에서 읽기'), read, notKept(service)), error, done, warnings)
  for (const zone of [node, text]) dropZone(zone, read)
  return node
}
