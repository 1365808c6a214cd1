// Open-loop load on one model over HTTP (binary tensors) or gRPC, by k6; `trireme load` writes its bodies and starts it.
// k6 run -e SCENARIO=load -e PROTOCOL=grpc -e ADDRESS=127.0.0.1:8001 -e BODIES=<folder> -e RATE=200 -e SECONDS=30 triton.js
import encoding from 'k6/encoding';
import http from 'k6/http';
import { Counter, Rate } from 'k6/metrics';
import grpc from 'k6/net/grpc';

const SCENARIO = __ENV.SCENARIO, PROTOCOL = __ENV.PROTOCOL, ADDRESS = __ENV.ADDRESS, BODIES = __ENV.BODIES;
const RATE = Number(__ENV.RATE), SECONDS = Number(__ENV.SECONDS), P99 = Number(__ENV.P99_MS), VUS = Number(__ENV.VUS);
const STEPS = Number(__ENV.STEPS || 8), PAUSE = 2;
const TIMEOUT = '5s', METHOD = 'inference.GRPCInferenceService/ModelInfer';
const DURATION = PROTOCOL === 'grpc' ? 'grpc_req_duration' : 'http_req_duration';

const manifest = JSON.parse(open(`${BODIES}/manifest.json`));
const rows = manifest.rows;
let client;
if (PROTOCOL === 'grpc') {
  client = new grpc.Client();
  client.loadProtoset(`${BODIES}/triton.protoset`);
  rows.forEach((row) => { row.message = JSON.parse(open(`${BODIES}/${row.grpc}`)); });
} else {
  rows.forEach((row) => { row.body = open(`${BODIES}/${row.http}`, 'b'); });
}

// ---- when requests are sent: arrivals of their own, whatever came of those before
const constant = (rate, seconds) => ({
  executor: 'constant-arrival-rate', rate: Math.max(1, Math.round(rate)), timeUnit: '1s', duration: `${seconds}s`,
  preAllocatedVUs: VUS, maxVUs: VUS, gracefulStop: '10s',
});
const ramping = (start, stages) => ({
  executor: 'ramping-arrival-rate', startRate: Math.round(start), timeUnit: '1s', preAllocatedVUs: VUS, maxVUs: VUS,
  stages: stages.map(([target, seconds]) => ({ target: Math.round(target), duration: `${seconds}s` })), gracefulStop: '10s',
});
const third = SECONDS / 3;
const steps = Array.from({ length: STEPS }, (_, number) => ({
  name: `step_${number + 1}`, rate: Math.max(1, Math.round(RATE * (number + 1) / STEPS)), start: number * (SECONDS + PAUSE),
}));
const scenarios = {
  smoke: { executor: 'shared-iterations', vus: 1, iterations: rows.length * 5, maxDuration: '60s' },
  load: constant(RATE, SECONDS),
  soak: constant(RATE, SECONDS),
  drain: constant(RATE, SECONDS),
  overload: constant(RATE, SECONDS),
  spike: ramping(RATE / 10, [[RATE / 10, third], [RATE, 0], [RATE, third], [RATE / 10, 0], [RATE / 10, third]]),
};

// ---- what has to hold; a count is always among it: without samples every other threshold passes
const [answered, wrong, refused, lost] = ['answered', 'wrong', 'refused', 'lost'].map((name) => new Counter(name));
const failed = new Rate('failed');
const least = (rate) => [`count>=${Math.floor(0.97 * rate * SECONDS)}`];
const strict = { answered: least(RATE), failed: ['rate==0'], dropped_iterations: ['count==0'], [DURATION]: [`p(99)<${P99}`] };
const thresholds = {
  smoke: { answered: [`count>=${rows.length * 5}`], failed: ['rate==0'] },
  load: strict,
  soak: strict,
  spike: { answered: ['count>=1'], failed: ['rate==0'], dropped_iterations: ['count==0'] },
  drain: { answered: ['count>=1'], wrong: ['count==0'], lost: ['count==0'] },
  overload: { answered: ['count>=1'], wrong: ['count==0'] },
  stress: Object.assign({}, ...steps.map((step) => ({
    // delayAbortEval counts from the start of the run
    [`${DURATION}{scenario:${step.name}}`]: [{ threshold: `p(99)<${P99}`, abortOnFail: true, delayAbortEval: `${step.start + SECONDS / 2}s` }],
    [`dropped_iterations{scenario:${step.name}}`]: [{ threshold: 'count==0', abortOnFail: true, delayAbortEval: `${step.start}s` }],
    [`answered{scenario:${step.name}}`]: least(step.rate),
  }))),
};

export const options = {
  scenarios: SCENARIO === 'stress'
    ? Object.assign({}, ...steps.map((step) => ({
      [step.name]: { ...constant(step.rate, SECONDS), gracefulStop: `${PAUSE}s`, startTime: `${step.start}s` },
    })))
    : { [SCENARIO]: scenarios[SCENARIO] },
  thresholds: thresholds[SCENARIO],
  summaryTrendStats: ['count', 'avg', 'min', 'med', 'p(90)', 'p(95)', 'p(99)', 'max'],
  systemTags: ['status', 'name', 'error_code', 'scenario'],
  userAgent: 'trireme-load',
};

let connected = false, number = 0;
export default function () {
  let right = false;
  try {
    right = PROTOCOL === 'grpc' ? overGrpc(rows[number++ % rows.length]) : overHttp(rows[number++ % rows.length]);
  } catch (error) { // k6 only logs what an iteration throws, as a connection to nobody does
    (/refused/.test(String(error)) ? refused : lost).add(1);
  }
  failed.add(!right);
  if (right) answered.add(1);
}

function overGrpc(row) {
  if (!connected) { // one connection a virtual user
    client.connect(ADDRESS, { plaintext: true, timeout: TIMEOUT });
    connected = true;
  }
  const answer = client.invoke(METHOD, row.message, { timeout: TIMEOUT, tags: { name: manifest.model } });
  if (answer.status !== grpc.StatusOK) {
    // a request that was in flight when the connection broke is UNAVAILABLE as well, by words of the client's own
    const said = (answer.error && answer.error.message) || '';
    const turned = answer.status === grpc.StatusNotFound || (answer.status === grpc.StatusUnavailable && /refused|stopp/i.test(said));
    (turned ? refused : lost).add(1);
    return false;
  }
  const outputs = answer.message.outputs.map((output, place) => {
    const bytes = encoding.b64decode(answer.message.rawOutputContents[place]);
    return [output.name, value(output.datatype, bytes, 0)];
  });
  return judged(row, outputs);
}

function overHttp(row) {
  const headers = { 'Content-Type': 'application/octet-stream', 'Inference-Header-Content-Length': String(row.header) };
  const answer = http.post(`http://${ADDRESS}/v2/models/${manifest.model}/infer`, row.body, {
    headers, tags: { name: manifest.model }, timeout: TIMEOUT, responseType: 'text',
  });
  if (answer.status !== 200) {
    (answer.error_code === 1212 || answer.status === 503 ? refused : lost).add(1); // 1212: the connection is refused
    return false;
  }
  return judged(row, JSON.parse(answer.body).outputs.map((output) => [output.name, output.data[0]]));
}

function judged(row, outputs) { // the first number or text of each output that the example states
  const given = new Map(outputs);
  const right = Object.entries(row.outputs).every(([name, wanted]) => {
    const found = given.get(name);
    if (found === undefined && given.has(name)) return true;
    return typeof wanted.value === 'number' ? Math.abs(found - wanted.value) <= wanted.within : found === wanted.value;
  });
  if (!right) wrong.add(1);
  return right;
}

function value(datatype, bytes, at) {
  const view = new DataView(bytes, at);
  if (datatype === 'BYTES') {
    return Array.from({ length: view.getUint32(0, true) }, (_, place) => String.fromCharCode(view.getUint8(4 + place))).join('');
  }
  const read = {
    FP32: 'getFloat32', FP64: 'getFloat64', INT8: 'getInt8', INT16: 'getInt16', INT32: 'getInt32', INT64: 'getBigInt64',
    UINT8: 'getUint8', UINT16: 'getUint16', UINT32: 'getUint32', UINT64: 'getBigUint64', BOOL: 'getUint8',
  };
  return read[datatype] ? Number(view[read[datatype]](0, true)) : undefined; // FP16: k6 has no view of it
}

export function handleSummary(data) {
  const of = (name, key) => (data.metrics[name] ? data.metrics[name].values[key] : 0);
  const crossed = Object.entries(data.metrics).flatMap(([name, metric]) => Object.entries(metric.thresholds || {})
    .filter(([, threshold]) => !threshold.ok).map(([text]) => `${name}: ${text}`));
  const row = (suffix) => ({
    answered: of(`answered${suffix}`, 'count'), dropped: of(`dropped_iterations${suffix}`, 'count'),
    p50: of(`${DURATION}${suffix}`, 'med'), p99: of(`${DURATION}${suffix}`, 'p(99)'),
  });
  const whole = {
    ...row(''), wrong: of('wrong', 'count'), refused: of('refused', 'count'), lost: of('lost', 'count'),
    seconds: data.state.testRunDurationMs / 1e3, crossed,
    steps: SCENARIO === 'stress' ? steps.map((step) => ({ rate: step.rate, name: step.name, ...row(`{scenario:${step.name}}`) })) : [],
  };
  return { stdout: `${JSON.stringify(whole)}\n` };
}
