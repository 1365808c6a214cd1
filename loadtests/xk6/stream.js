// Open-loop load on a decoupled model's /generate_stream, by the k6 of the Dockerfile beside this file.
// k6-sse run -e URL=http://127.0.0.1:8000 -e MODEL=<model> -e BODY='{"text_input": "..."}' -e RATE=5 -e SECONDS=30 stream.js
import { Counter, Trend } from 'k6/metrics';
import sse from 'k6/x/sse';

const RATE = Number(__ENV.RATE || 5), SECONDS = Number(__ENV.SECONDS || 30);
const first = new Trend('first_event_ms', true), between = new Trend('between_events_ms', true);
const complete = new Counter('complete'), broken = new Counter('broken');

export const options = {
  scenarios: {
    stream: { executor: 'constant-arrival-rate', rate: RATE, timeUnit: '1s', duration: `${SECONDS}s`, preAllocatedVUs: 100, maxVUs: 100 },
  },
  thresholds: {
    complete: [`count>=${Math.floor(0.97 * RATE * SECONDS)}`], broken: ['count==0'], dropped_iterations: ['count==0'],
    first_event_ms: ['p(99)<500'],
  },
};

export default function () {
  const begun = Date.now();
  let last = 0;
  const request = {
    method: 'POST', body: __ENV.BODY, headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream' },
    tags: { name: __ENV.MODEL },
  };
  const answer = sse.open(`${__ENV.URL}/v2/models/${__ENV.MODEL}/generate_stream`, request, (stream) => {
    stream.on('event', () => {
      const now = Date.now();
      (last ? between : first).add(now - (last || begun));
      last = now;
    });
    stream.on('error', () => broken.add(1));
  });
  if (answer && answer.status === 200 && last) complete.add(1);
}
