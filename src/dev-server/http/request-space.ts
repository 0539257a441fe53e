import { DEFAULT_SPACE, parseSpaceId } from '../../dialects/space-id.ts';
import { type Rejection, reject } from '../rejection.ts';
import type { MemorySpace } from '../store/memory-space.ts';
import type { World } from '../world.ts';
import type { HttpRequest } from './http-types.ts';

/** The first of the candidates that is present decides, even if it is ill-formed: then the request is refused. */
export function firstSpaceId(
  candidates: readonly unknown[],
  message = 'invalid memory space id',
): string | Rejection {
  const chosen =
    candidates.find((candidate) => candidate !== undefined && candidate !== null) ?? DEFAULT_SPACE;
  return parseSpaceId(String(chosen)) ?? reject('invalid', `${message}: 3 to 64 of a-z, 0-9, "-" and "_"`);
}

/** Header, then query. Opens (creates) the space. */
export function spaceOfQuery(request: HttpRequest, world: World): MemorySpace | Rejection {
  return opened(firstSpaceId([headerSpace(request), request.query.get('space')]), world);
}

/** Header, then `memory_space_id` of the body. Opens (creates) the space. */
export function spaceOfBody(request: HttpRequest, field: unknown, world: World): MemorySpace | Rejection {
  return opened(firstSpaceId([headerSpace(request), field]), world);
}

/** The first `x-memory-space` header. */
export function headerSpace(request: HttpRequest): string | undefined {
  const value = request.headers['x-memory-space'];
  return Array.isArray(value) ? value[0] : value;
}

function opened(id: string | Rejection, world: World): MemorySpace | Rejection {
  return typeof id === 'string' ? world.store.open(id) : id;
}
