// Parts of the forms of the work views: labelled fields, a date, choices, and the
// documents and files that a task works on.
import { button, el, errorLine, hint, say, t } from './dom.js'
import * as api from './api.js'
import { calendar } from './form.js'
import { kinds, noDate, offers, readDate, showDate, week } from './text.js'

let made = 0

// field labels a control; help stands below it.
export function field(label, control, help = '') {
  control.id ||= 'field-' + ++made
  const note = help && hint(help)
  if (note) control.setAttribute('aria-describedby', note.id = control.id + '-hint')
  return el('div', { class: 'field' }, el('label', { for: control.id }, label), control, note)
}

// select offers [[value, word]]; value is what was chosen last.
export function select(options, value) {
  const node = el('select', {}, options.map(([v, word]) => new Option(word, v)))
  if (options.some(([v]) => v === value)) node.value = value
  return node
}

// radios is a group of choices under a legend; .value is the one chosen.
export function radios(legend, options, value) {
  const name = 'radios-' + ++made
  const node = el('fieldset', { class: 'radios' }, el('legend', {}, legend), options.map(([v, word]) =>
    el('label', {}, el('input', { type: 'radio', name, value: v, checked: v === (options.some(o => o[0] === value) ? value : options[0][0]) }), ' ', word)))
  Object.defineProperty(node, 'value', { get: () => node.querySelector(':checked').value })
  return node
}

// dateField is a text field for a day, with the calendar. .day is 2006-01-02, ''
// for an empty field, null for what is no date; echo(day) words what was understood.
export function dateField(label, echo, value = '') {
  const input = el('input', { inputmode: 'numeric', autocomplete: 'off', value: value && showDate(value) })
  const node = field(label, input, ' ')
  const note = node.querySelector('.hint')
  const tell = () => {
    const day = readDate(input.value)
    note.textContent = day === null ? t(noDate) : echo(day)
  }
  input.addEventListener('change', tell)
  const holder = el('span', { class: 'date' })
  input.replaceWith(holder)
  holder.append(input, ...calendar(input))
  Object.defineProperty(node, 'day', { get: () => readDate(input.value) })
  node.input = input
  tell()
  return node
}

export const asOf = day => t('{date} 현재 시행 중인 조문을 따릅니다.', { date: day ? showDate(day, t(week)) : t('오늘') })

// bytes writes a size.
export const bytes = n => n < 1 << 20 ? Math.ceil(n / 1024) + ' kB' : (n / (1 << 20)).toFixed(1) + ' MB'

const fileTypes = '.hwp,.hwpx,.pdf,.docx,.xlsx,.pptx,.html,.md,.txt,.csv'

// fileField chooses files of this computer, which take gets. help stands below it; .input is the control.
export function fileField(label, take, help, { multiple = false, archives = false } = {}) {
  const input = el('input', { type: 'file', multiple, accept: fileTypes + (archives ? ',.zip' : ''), change: () => {
    take([...input.files])
    input.value = ''
  } })
  const node = field(label, input, help)
  node.classList.add('drop')
  node.input = input
  return node
}

// notKept says of a field for files what becomes of them.
export const notKept = service => t('끌어다 놓아도 됩니다. HWP, HWPX, PDF, DOCX 등, 모두 {size}까지. 올린 파일은 보관하지 않습니다.', { size: bytes(service.upload_bytes) })

// dropZone takes files dropped on node, at most while take accepts them.
export function dropZone(node, take) {
  const over = on => e => {
    if (!e.dataTransfer?.types.includes('Files')) return
    e.preventDefault()
    node.classList.toggle('dropping', on)
  }
  node.addEventListener('dragenter', over(true))
  node.addEventListener('dragover', over(true))
  node.addEventListener('dragleave', over(false))
  node.addEventListener('drop', e => {
    over(false)(e)
    if (e.dataTransfer?.files.length) take([...e.dataTransfer.files])
  })
}

// A Picker chooses documents of the library and, where files is true, files of
// this computer. It holds no more than max of both.
export class Picker {
  constructor(service, { legend, help = '', files = true, max = 20 }) {
    Object.assign(this, { max, bytes: service?.upload_bytes ?? 0, docs: new Map(), files: [] })
    this.words = el('input', { autocomplete: 'off', id: 'pick-' + ++made, type: 'search', placeholder: t('제목의 낱말') })
    this.found = el('ul', { class: 'found' })
    this.note = hint()
    this.list = el('ul', { class: 'chosen', 'aria-label': t('고른 문서') })
    this.error = errorLine()
    const find = button('문서 찾기', () => this.find())
    this.words.addEventListener('keydown', e => {
      if (e.key !== 'Enter' || e.isComposing || e.keyCode === 229) return
      e.preventDefault()
      this.find()
    })
    const drop = files && offers(service, 'uploads') && fileField(t('파일 올리기'), all => this.take(all), notKept(service), { multiple: true })
    this.input = drop?.input
    this.node = el('fieldset', { class: 'picker' }, el('legend', {}, legend), help && hint(help), this.list,
      !offers(service, 'documents') ? '' : [el('div', { class: 'row' }, el('div', { class: 'field grow' }, el('label', { for: this.words.id }, t('문서함에서 고르기')), this.words), find), this.note, this.found],
      drop || '', this.error)
    if (drop) dropZone(this.node, all => this.take(all))
  }

  async find() {
    this.error.tell('')
    try {
      const { documents, next } = await api.get('/v1/documents?limit=20' + (this.words.value.trim() ? '&title=' + encodeURIComponent(this.words.value.trim()) : ''))
      this.note.textContent = documents.length ? t('{n}건을 찾았습니다.', { n: documents.length + (next ? '+' : '') }) : t('찾은 문서가 없습니다. 낱말을 줄여 보세요.')
      say(this.note.textContent)
      this.found.replaceChildren(...documents.map(d => el('li', {}, el('label', {},
        el('input', { type: 'checkbox', checked: this.docs.has(d.id), change: e => e.target.checked ? this.add(d) || (e.target.checked = false) : this.drop(d.id) }),
        el('span', {}, el('span', { lang: 'ko' }, d.title), ' ', el('span', { class: 'hint' }, [t(kinds[d.kind] ?? d.kind), d.from && showDate(d.from)].filter(Boolean).join(', ')))))))
    } catch (e) { this.error.tell(api.explain(e)) }
  }

  // add takes a document of the library; false where there are too many.
  add(d) {
    if (this.full(1)) return false
    this.docs.set(d.id, d.title)
    this.draw()
    return true
  }

  drop(id) { this.docs.delete(id); this.draw() }

  take(all) {
    this.error.tell('')
    if (this.full(all.length)) return
    const size = [...this.files, ...all].reduce((n, f) => n + f.size, 0)
    if (size > this.bytes) return this.error.tell(t('파일이 모두 {size}를 넘습니다. 나누어 올려 주세요.', { size: bytes(this.bytes) }))
    this.files.push(...all)
    this.draw()
    say(t('파일 {n}개를 골랐습니다.', { n: this.files.length }))
  }

  full(more) {
    if (this.docs.size + this.files.length + more <= this.max) return false
    this.error.tell(t('문서와 파일은 모두 {n}개까지 고를 수 있습니다.', { n: this.max }))
    return true
  }

  draw() {
    const entry = (name, extra, remove) => el('li', {}, el('span', { lang: 'ko', class: 'name' }, name), extra && el('span', { class: 'hint' }, extra),
      button('빼기', () => { remove(); this.draw(); (this.words.isConnected ? this.words : this.input).focus() }, 'quiet small', el('span', { class: 'vh' }, ': ' + name)))
    this.list.replaceChildren(...[...this.docs].map(([id, title]) => entry(title, '', () => {
      this.docs.delete(id)
      for (const box of this.found.querySelectorAll('input')) if (box.closest('li').textContent.startsWith(title)) box.checked = false
    })), ...this.files.map((f, i) => entry(f.name, bytes(f.size), () => this.files.splice(i, 1))))
  }

  get ids() { return [...this.docs.keys()] }
}

// taskForm is the form of a task: its fields, its one primary button, and one
// place for what is wrong. submit() returns the name of a field at fault, or nothing.
export function taskForm(parts, verb, submit) {
  const error = errorLine()
  const send = el('button', { class: 'primary' }, verb)
  const form = el('form', { class: 'card task', novalidate: true, submit: e => {
    e.preventDefault()
    if (send.getAttribute('aria-disabled') === 'true') return
    for (const bad of form.querySelectorAll('[aria-invalid]')) bad.removeAttribute('aria-invalid')
    const wrong = submit()
    error.tell(wrong?.text ?? '')
    if (!wrong) return
    wrong.control.setAttribute('aria-invalid', 'true')
    wrong.control.focus()
  } }, parts, error, el('div', { class: 'send' }, send))
  form.addEventListener('keydown', e => {
    if (e.key === 'Enter' && (e.ctrlKey || e.metaKey) && !e.isComposing) { e.preventDefault(); form.requestSubmit() }
  })
  form.busy = on => send.setAttribute('aria-disabled', String(on))
  return form
}

// examples are buttons that fill a form and send nothing: [[words, fill]].
export function examples(list) {
  return !list.length ? '' : el('div', { class: 'examples' }, el('h2', { class: 'small' }, t('예시')),
    el('ul', {}, list.map(([words, fill]) => el('li', {}, el('button', { type: 'button', lang: 'ko', click: fill }, words)))))
}
