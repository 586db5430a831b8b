// Draws an answer as it comes: a sentence is added when its check is done, and
// what is on the page is not drawn again.
import { $, el, icon, t } from './dom.js'
import * as panel from './panel.js'
import { showDate, week } from './text.js'

// An AnswerView is the article of one question. Its node may be taken off the
// page and put back while the answer goes on.
export class AnswerView {
  constructor(question, on, scope) {
    this.question = question
    this.on = on // the service's day until the answer names its own
    this.sources = []
    this.sentences = [] // {sentence, node}, in order
    this.copiedFrom = 0 // source of the last sentence, for the layout of extracts
    this.outcome = el('section', { class: 'outcome', 'aria-label': t('처리 결과') })
    this.warningList = el('ul', { class: 'warnings' })
    this.body = el('div', { class: 'answer', lang: 'ko' })
    this.label = el('span', { class: 'hint', lang: 'ko' })
    this.heading = el('div', { class: 'heading' }, el('h2', {}, t('답변')), this.label)
    this.pending = el('p', { class: 'pending' })
    this.actions = el('div', { class: 'actions' })
    this.used = el('ol', { class: 'used', 'aria-labelledby': 'used-title' })
    this.usedPart = el('div', { hidden: true }, el('h2', { id: 'used-title' }, t('쓰인 근거')), this.used)
    this.title = el('h1', { tabindex: '-1', lang: 'ko', class: 'question' }, question)
    this.node = el('article', { class: 'work' }, this.title, el('p', { class: 'hint scope' }, scope), this.outcome, this.warningList,
      this.heading, this.body, this.pending, this.actions, this.usedPart)
    this.listen()
  }

  // tell fills the outcome banner: its kind, a bold word, one sentence, buttons.
  tell(kind, word, text, ...actions) {
    const icons = { answered: 'ok', partial: 'warn', extractive: 'extract', no_source: 'none', working: 'work', error: 'warn' }
    this.outcome.dataset.kind = kind
    this.outcome.replaceChildren(icon(icons[kind] ?? 'stop'),
      el('p', {}, el('strong', {}, t(word), ': '), text), ...(actions.length ? [el('div', { class: 'actions' }, actions)] : []))
  }

  addSources(sources) { this.sources = sources }

  addWarning(w) {
    if (w.code === 'extracts') { // the outcome says the same
      this.extracts = true
      return
    }
    this.warningList.append(el('li', {}, el('strong', {}, t('주의'), ': '), el('span', { lang: 'ko' }, w.text)))
  }

  addSentence(s) {
    const from = s.cites?.[0]?.source ?? 0
    let p = this.body.lastElementChild
    if (!p || (this.extracts && from !== this.copiedFrom)) this.body.append(p = el('p'))
    this.copiedFrom = from
    p.append(this.sentence(s), ' ')
    this.body.classList.toggle('extracts', !!this.extracts)
    this.label.textContent = this.kind()
    this.rove()
    if (this.sentences.length === 1 && s.cites?.length) this.first()
  }

  // first shows the first evidence beside the answer, where there is room for it.
  first() {
    if (this.onPage() && getComputedStyle($('side')).display !== 'none') this.open(this.sentences[0].node.querySelector('.chip'), false)
  }

  sentence(s) {
    const i = this.sentences.length
    const refs = [...new Set((s.cites || []).map(c => c.source))]
    const known = ['verified', 'unverified', 'gap'].includes(s.status)
    const state = known ? s.status : 'unverified' // fail closed
    const node = el('span', { class: 's ' + state, 'data-i': i, 'data-refs': refs.join(' ') },
      el('span', { class: 's-text' }, s.text),
      refs.map(n => el('button', { type: 'button', class: 'chip', tabindex: '-1', 'data-n': n }, String(n),
        el('span', { class: 'vh' }, ' ' + t('번 근거: {cite}', { cite: this.source(n)?.cite || this.source(n)?.title || '' })))))
    if (state === 'unverified') {
      const why = el('span', { class: 'why', hidden: true }, s.why || t('근거에서 확인하지 못했습니다.'))
      const button = el('button', { type: 'button', class: 'quiet small', 'aria-expanded': 'false', click: () => {
        why.hidden = !why.hidden
        button.setAttribute('aria-expanded', String(!why.hidden))
      } }, t('이유 보기'))
      node.append(el('span', { class: 'badge' }, t('확인 필요')), button, why)
    }
    this.sentences.push({ sentence: s, node, refs })
    return node
  }

  source(n) { return this.sources.find(s => s.n === n) }

  // finish lays the sentences out as the whole answer says. Sentences that are
  // on the page already keep their elements.
  finish(answer) {
    this.on = answer.on
    if (answer.sources?.length) this.sources = answer.sources
    const kept = this.sentences
    const all = (answer.blocks || []).flatMap(b => b.sentences)
    const same = all.length === kept.length && all.every((s, i) => s.text === kept[i].sentence.text)
    if (!same) this.sentences = []
    const nodes = all.map((s, i) => same ? kept[i].node : this.sentence(s))
    if (!same || !this.laidOut(answer.blocks)) this.layOut(answer.blocks || [], nodes)
    this.answer = answer
    this.extracts = answer.outcome === 'extractive'
    this.body.classList.toggle('extracts', this.extracts)
    this.label.textContent = all.length ? this.kind() : ''
    this.listUsed()
    this.rove()
    if (this.onPage()) all.length ? panel.refresh() : panel.clear()
  }

  // laidOut tells whether the paragraphs on the page are the answer's already.
  laidOut(blocks) {
    const paragraphs = [...this.body.children].map(p => p.querySelectorAll('.s').length)
    return blocks.length === paragraphs.length && blocks.every((b, i) => b.kind === 'paragraph' && b.sentences.length === paragraphs[i])
  }

  layOut(blocks, nodes) {
    const focused = document.activeElement
    const layout = []
    let at = 0
    for (const b of blocks) {
      const line = nodes.slice(at, at += b.sentences.length).flatMap(n => [n, ' '])
      if (b.kind === 'item') {
        if (layout.at(-1)?.tagName !== 'UL') layout.push(el('ul'))
        layout.at(-1).append(el('li', { class: 'level' + (b.level || 1) }, line))
      } else layout.push(el(b.kind === 'heading' ? 'h3' : 'p', {}, line))
    }
    this.body.replaceChildren(...layout)
    if (this.body.contains(focused)) focused.focus({ preventScroll: true }) // moving it took the focus away
  }

  onPage() { return this.node.isConnected && !this.node.closest('[hidden]') }

  usedSources() {
    const order = [...new Set(this.sentences.flatMap(s => s.refs))]
    return order.map(n => this.source(n)).filter(Boolean)
  }

  listUsed() {
    this.heading.hidden = this.sentences.length === 0
    const used = this.usedSources()
    this.usedPart.hidden = used.length === 0
    this.used.replaceChildren(...used.map(s => el('li', { 'data-n': s.n, lang: 'ko' },
      el('button', { type: 'button', class: 'link', 'data-n': s.n }, el('span', { class: 'number' }, String(s.n)), el('span', {}, s.cite || s.title)),
      panel.badge(s.in_force, this.on),
      s.in_force?.from ? el('span', { class: 'hint nb' }, t('시행') + ' ' + showDate(s.in_force.from)) : null)))
  }

  // open shows the source of a chip or of an entry of the list.
  open(button, focus) {
    const n = Number(button.dataset.n)
    const view = this
    const holder = button.closest('.s')
    const chosen = holder ? this.sentences[Number(holder.dataset.i)] : null
    panel.show({
      get sources() { return view.usedSources() }, at: this.usedSources().findIndex(s => s.n === n), on: this.on, focus, word: t('근거'), backWord: '답변으로 돌아가기',
      back: () => button.focus(),
      spans: source => {
        const own = chosen?.refs.includes(source.n) ? [chosen] : this.sentences
        return own.flatMap(s => s.sentence.cites || []).filter(c => c.source === source.n)
      },
      users: source => this.sentences.filter(s => s.refs.includes(source.n)).map(s => ({
        label: String(Number(s.node.dataset.i) + 1),
        go: () => { panel.light(null); if ($('source-dialog').open) $('source-dialog').close(); s.node.querySelector('.chip').focus() },
      })),
      onChange: source => {
        for (const c of this.node.querySelectorAll('.chip')) c.toggleAttribute('aria-current', false)
        for (const c of this.node.querySelectorAll(`.chip[data-n="${source.n}"]`)) c.setAttribute('aria-current', 'true')
      },
    })
  }

  // rove keeps one tab stop in each paragraph; arrow keys reach the other chips.
  rove() {
    for (const p of this.body.children) {
      const chips = p.querySelectorAll('.chip')
      if (chips.length && ![...chips].some(c => c.tabIndex === 0)) chips[0].tabIndex = 0
    }
  }

  listen() {
    this.node.addEventListener('click', e => {
      const b = e.target.closest('.answer .chip, .used button')
      if (b) this.open(b, e.detail === 0) // by key: the focus goes along
    })
    this.body.addEventListener('keydown', e => {
      const chip = e.target.closest('.chip')
      if (!chip) return
      const chips = [...this.body.querySelectorAll('.chip')]
      const i = chips.indexOf(chip)
      const to = { ArrowLeft: i - 1, ArrowRight: i + 1, Home: 0, End: chips.length - 1 }[e.key]
      if (to === undefined || !chips[to]) return
      e.preventDefault()
      for (const c of chips[to].closest('p, li, h3').querySelectorAll('.chip')) c.tabIndex = -1
      chips[to].tabIndex = 0
      chips[to].focus()
    })
    const over = e => {
      const s = e.target.closest?.('.s')
      const source = e.target.closest?.('.used li')
      this.light(s ? this.sentences[Number(s.dataset.i)].refs : source ? [Number(source.dataset.n)] : null, s)
    }
    for (const type of ['pointerover', 'focusin']) this.node.addEventListener(type, over)
    for (const type of ['pointerleave', 'focusout']) this.node.addEventListener(type, () => this.light(null))
  }

  // light shows what belongs together: a sentence and its sources, or a source
  // and its sentences.
  light(ns, sentence) {
    for (const s of this.sentences) s.node.classList.toggle('lit', !!ns && (sentence ? s.node === sentence : s.refs.some(n => ns.includes(n))))
    for (const li of this.used.children) li.classList.toggle('lit', !!ns && ns.includes(Number(li.dataset.n)))
    panel.light(ns)
  }

  // kind is the label that goes with the text wherever it goes.
  kind() { return (this.extracts ? '원문 발췌' : 'AI 초안') + ' - 담당자 확인 필요' }

  // plain is the answer as official text: citations in words, no marks.
  plain() {
    const cites = s => {
      const names = [...new Set((s.cites || []).map(c => this.source(c.source)).map(x => x?.cite || x?.title).filter(Boolean))]
      return names.length ? `(${names.join(', ')})` : ''
    }
    const line = s => s.text + cites(s) + (s.status === 'verified' || s.status === 'gap' ? '' : ' [근거 확인 필요]')
    const blocks = this.answer?.blocks ?? [{ kind: 'paragraph', sentences: this.sentences.map(s => s.sentence) }]
    const text = blocks.map(b => (b.kind === 'item' ? '  '.repeat((b.level || 1) - 1) + '- ' : '') + b.sentences.map(line).join(this.extracts ? '\n' : ' '))
    return `${this.question}\n\n${text.join('\n')}  끝.\n\n기준일 ${showDate(this.on, week)} / ${this.kind()}\n`
  }
}
