// The viewer of /openapi.json: operations, what they take and send, examples. It
// loads nothing else, and text never becomes HTML.

const $ = id => document.getElementById(id)

function el(tag, props = {}, ...children) {
  const node = document.createElement(tag)
  for (const [k, v] of Object.entries(props)) if (v != null && v !== false) node.setAttribute(k, v)
  node.append(...children.flat().filter(c => c != null && c !== ''))
  return node
}

let api

const deref = s => s?.$ref ? deref(api.components.schemas[s.$ref.split('/').pop()]) : s ?? {}
const nameOf = s => s?.$ref?.split('/').pop()
const types = s => [s.type ?? []].flat().filter(t => t !== 'null')

// label says in a few words what a schema is.
function label(s) {
  const name = nameOf(s)
  const d = deref(s)
  if (d.enum) return d.enum.join(' | ')
  if (types(d)[0] === 'array') return `${name ?? label(d.items)}[]`
  return name ?? ([types(d).join(' | '), d.format && `(${d.format})`].filter(Boolean).join(' ') || 'any')
}

function limits(d) {
  const out = []
  for (const [key, say] of [['minLength', '≥ {} 자'], ['maxLength', '≤ {} 자'], ['minimum', '≥ {}'], ['maximum', '≤ {}'], ['minItems', '≥ {} 개'], ['maxItems', '≤ {} 개'], ['default', '기본 {}']]) {
    if (d[key] != null) out.push(say.replace('{}', d[key]))
  }
  return out.join(', ')
}

const table = (head, rows) => el('table', {}, el('thead', {}, el('tr', {}, head.map(h => el('th', { scope: 'col' }, h)))), el('tbody', {}, rows))

// opening is a part whose content is made when it is opened first.
function opening(summary, content) {
  const node = el('details', {}, el('summary', {}, ...[summary].flat()))
  node.addEventListener('toggle', () => node.append(content()), { once: true })
  return node
}

// fields are the members of an object; those that have members themselves can be
// opened, down to a depth and never into themselves.
function fields(schema, inside = []) {
  const d = deref(schema)
  const rows = Object.entries(d.properties ?? {}).map(([name, s]) => {
    const about = deref(s)
    const inner = types(about)[0] === 'array' ? about.items : s
    const innerName = nameOf(inner)
    const opens = deref(inner).properties && inside.length < 5 && !inside.includes(innerName)
    return el('tr', {},
      el('td', {}, el('code', {}, name), d.required?.includes(name) ? ' *' : ''),
      el('td', {}, el('code', {}, label(s))),
      el('td', {}, [s.description ?? about.description, limits(about)].filter(Boolean).join(' · '),
        opens ? opening(`${innerName ?? name} 보기`, () => fields(inner, [...inside, innerName])) : null))
  })
  return rows.length ? table(['항목 (* 필수)', '값', '뜻'], rows) : el('p', {}, el('code', {}, label(schema)))
}

// example is a value that a schema allows, of its own examples where it has some.
function example(schema, inside = []) {
  const d = deref(schema)
  const name = nameOf(schema)
  if (d.examples?.length) return d.examples[0]
  if (d.example != null) return d.example
  if (d.default != null) return d.default
  if (d.enum) return d.enum[0]
  switch (types(d)[0]) {
    case 'object':
      if (inside.includes(name) || inside.length > 4) return {}
      return Object.fromEntries(Object.entries(d.properties ?? {}).filter(([k]) => d.required?.includes(k) || deref(d.properties[k]).examples).map(([k, s]) => [k, example(s, [...inside, name])]))
    case 'array': return inside.length > 4 ? [] : [example(d.items, [...inside, name])]
    case 'integer': case 'number': return d.minimum ?? 0
    case 'boolean': return false
    default: return { date: '2026-06-30', 'date-time': '2026-06-30T01:30:00Z' }[d.format] ?? '…'
  }
}

function curl(method, path, op) {
  const line = [`curl ${method === 'GET' ? '' : `-X ${method} `}"$BISEO${path}"`]
  if (op.security) line.push(`  -H "Authorization: Bearer $BISEO_KEY"`)
  const content = op.requestBody?.content ?? {}
  if (content['application/json']) {
    line.push(`  -H "Content-Type: application/json"`, `  -d '${JSON.stringify(example(content['application/json'].schema), null, 1).replaceAll("'", "'\\''")}'`)
  } else if (content['multipart/form-data']) {
    line.push(`  -F 'request=${JSON.stringify(example(deref(content['multipart/form-data'].schema).properties.request))}'`, `  -F files=@문서.hwpx`)
  }
  return line.join(' \\\n')
}

function operation(method, path, op) {
  const parts = [el('h2', {}, el('span', { class: 'method' }, method), ' ', el('code', {}, path)), el('p', {}, el('strong', {}, op.summary ?? ''))]
  if (op['x-permission'] && op['x-permission'] !== 'anyone') parts.push(el('p', { class: 'needs' }, '필요한 권한: ', el('code', {}, op['x-permission'])))
  if (op.description) parts.push(el('p', { class: 'about' }, op.description))
  if (op.parameters?.length) {
    parts.push(el('h3', {}, '매개변수'), table(['이름 (* 필수)', '값', '뜻'], op.parameters.map(p => el('tr', {},
      el('td', {}, el('code', {}, p.name), p.required ? ' *' : '', ` (${p.in})`), el('td', {}, el('code', {}, label(p.schema))),
      el('td', {}, [p.description, limits(deref(p.schema))].filter(Boolean).join(' · '))))))
  }
  for (const [type, media] of Object.entries(op.requestBody?.content ?? {})) parts.push(el('h3', {}, '본문 ', el('code', {}, type)), fields(media.schema))
  for (const [status, response] of Object.entries(op.responses ?? {})) {
    const content = Object.entries(response.content ?? {})
    parts.push(el('h3', {}, `응답 ${status === 'default' ? '오류' : status}`))
    if (!content.length) parts.push(el('p', {}, response.description ?? ''))
    for (const [type, media] of content) {
      parts.push(opening([el('code', {}, type), ' ', label(media.schema)], () => fields(media.schema)))
    }
  }
  parts.push(el('h3', {}, '예'), el('pre', { tabindex: '0' }, el('code', {}, curl(method, path, op))))
  return el('section', { id: op.operationId }, parts)
}

async function main() {
  const response = await fetch('/openapi.json')
  if (!response.ok) throw new Error(response.status)
  api = await response.json()
  const tags = (api.tags ?? []).map(t => ({ ...t, operations: [] }))
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of ['get', 'post', 'put', 'delete']) {
      if (item[method]) tags.find(t => item[method].tags?.includes(t.name))?.operations.push([method.toUpperCase(), path, item[method]])
    }
  }
  const links = []
  for (const tag of tags) {
    const items = tag.operations.map(([method, path, op]) => {
      const item = el('li', {}, el('a', { href: '#' + op.operationId }, el('span', { class: 'method' }, method), ' ', path))
      links.push([item, `${method} ${path} ${op.summary}`.toLowerCase()])
      return item
    })
    $('list').append(el('h2', {}, tag.name), el('ul', {}, items))
  }
  $('main').replaceChildren(el('h1', {}, `${api.info.title} API`), el('p', {}, api.info.description ?? '', ' ', el('a', { href: '/openapi.json' }, 'OpenAPI ' + api.openapi)),
    ...tags.flatMap(tag => tag.operations.map(o => operation(...o))))
  $('filter').addEventListener('input', e => {
    const words = e.target.value.toLowerCase().split(/\s+/)
    for (const [item, text] of links) item.hidden = !words.every(w => text.includes(w))
  })
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView()
}

main().catch(() => { $('state').textContent = 'API 설명을 읽지 못했습니다. 새로 고쳐 주세요.' })
