import { connect, word, TRANSPORTS } from './sockjs.js'
import { Plot } from './plot.js'

const $ = id => document.getElementById(id)
const plot = new Plot($('plot'))
const query = new URLSearchParams(location.search)
const here = new URL('.', location.href).href

let session, received, sent, retry
let attempts = 0

// The page's switches live in its address, so that ?transport=eventsource&urls=new can be passed on.
$('transport').value = TRANSPORTS.includes(query.get('transport')) ? query.get('transport') : ''
$('urls').checked = query.get('urls') === 'new'

function start() {
  clearTimeout(retry)
  session?.close()
  received = sent = 0
  state('connecting', 'connecting …')
  const chosen = $('transport').value
  session = connect(here + '__sockjs__' + ($('urls').checked ? `/n=${word()}` : ''), {
    transports: chosen ? [chosen] : TRANSPORTS,
    ontry: (transport, url, why) => {
      if (why) note(why, 'bad')
      note(`trying ${transport}`)
      $('url').textContent = url.replace(location.origin, '')
    },
    onopen: transport => {
      attempts = 0
      note(`open over ${transport}`, 'good')
      state('open', transport)
      sendInputs()
      ping()
    },
    onmessage: text => {
      received++
      show(JSON.parse(text))
      count()
    },
    onclose: reason => {
      note(`closed: ${reason}`, 'bad')
      state('closed', 'disconnected')
      retry = setTimeout(start, Math.min(1000 * 2 ** attempts++, 15000))
    },
  })
}

function state(name, text) {
  document.body.dataset.state = name
  $('status').dataset.transport = name === 'open' ? text : ''
  $('status').textContent = text
  if (name !== 'open') $('latency').textContent = '–'
  count()
}

function count() {
  $('received').textContent = received
  $('sent').textContent = sent
}

function send(message) {
  sent++
  session.send(JSON.stringify(message))
  count()
}

const sendInputs = () => send({ input: {
  bins: Number($('bins').value), speed: Number($('speed').value), source: $('source').value,
} })

function ping() {
  if (document.body.dataset.state === 'open') send({ ping: performance.now() })
}
setInterval(ping, 2000)

function show(message) {
  if (message.plot) plot.draw(message.plot)
  else if (message.pong) $('latency').textContent = `${(performance.now() - message.pong).toFixed(1)} ms`
  else if (message.echo !== undefined) answer('SockJS', message.echo)
  else if (message.hello) showHello(message.hello)
  else if (message.error) note(message.error, 'bad')
}

function showHello({ path, host, forwardedFor, forwardedHost }) {
  $('seen-path').textContent = path
  $('seen-host').textContent = host
  $('seen-for').textContent = forwardedFor || 'none: no proxy in between'
  $('seen-fhost').textContent = forwardedHost || '–'
}

for (const id of ['bins', 'speed']) {
  const label = () => { $(`${id}-value`).value = $(id).value }
  $(id).addEventListener('input', () => { label(); sendInputs() })
  label()
}
$('source').addEventListener('input', sendInputs)

for (const id of ['transport', 'urls']) {
  $(id).addEventListener('change', () => {
    const now = new URLSearchParams()
    if ($('transport').value) now.set('transport', $('transport').value)
    if ($('urls').checked) now.set('urls', 'new')
    history.replaceState(null, '', now.size ? `?${now}` : '.')
    attempts = 0
    start()
  })
}

// The echo goes over the session, or over a plain WebSocket opened for it on first use.
let socket
$('echo').addEventListener('submit', event => {
  event.preventDefault()
  const text = $('echo-text').value
  if ($('echo-over').value === 'sockjs') return send({ echo: text })
  if (socket?.readyState === WebSocket.OPEN) return socket.send(text)
  socket?.close()
  socket = new WebSocket(here.replace(/^http/, 'ws') + 'echo')
  socket.onopen = () => socket.send(text)
  socket.onmessage = event => answer('WebSocket', event.data)
  socket.onclose = event => note(`the plain WebSocket closed with ${event.code}`, 'bad')
})

function answer(over, text) {
  $('echo-answer').textContent = text
  $('echo-answer').dataset.over = over
  note(`echo over ${over}: ${text}`, 'good')
}

function note(text, kind = '') {
  const line = document.createElement('li')
  line.className = kind
  line.textContent = `${new Date().toLocaleTimeString([], { hour12: false })}  ${text}`
  $('log').prepend(line)
  while ($('log').childElementCount > 40) $('log').lastChild.remove()
}

start()
