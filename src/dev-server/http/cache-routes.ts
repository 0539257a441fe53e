import { blake3Hex } from '../../blake3-hex.ts';
import { emptyAnswer } from './http-answers.ts';
import type { HttpAnswer, HttpHandler } from './http-types.ts';

/** A build cache says on each answer which version of its interface this is. */
const VERSION_HEADERS = { 'x-memobuild-api-version': '1.0' };

/** Answers GET (and HEAD) /cache/{id}: the artifact, or 404 for a miss. */
export const getArtifact: HttpHandler = ({ id, method }, { artifacts }) => {
  const artifact = artifacts.get(id);
  if (artifact === undefined) return cacheAnswer(404);
  if (method === 'HEAD') return cacheAnswer(200);
  return {
    status: 200,
    contentType: 'application/octet-stream',
    headers: VERSION_HEADERS,
    body: artifact,
  };
};

/** Answers PUT /cache/{id}: keeps the body, unless its blake3 hash is not the name it was sent under. */
export const putArtifact: HttpHandler = ({ id, body }, { artifacts }) => {
  if (blake3Hex(body) !== id) return cacheAnswer(400);
  return cacheAnswer(artifacts.put(id, body) ? 201 : 507);
};

function cacheAnswer(status: number): HttpAnswer {
  return emptyAnswer(status, VERSION_HEADERS);
}
