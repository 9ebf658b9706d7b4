import { text } from '../text';
import type { FieldProblem, Problem } from './types';

/** Every failure of a call to the server, in the words the server chose for the user. */
export class ApiError extends Error {
  readonly status: number; // 0: no answer came
  readonly code: string;
  readonly fields: FieldProblem[];
  readonly requestId: string;

  constructor(init: { status: number; code: string; message: string; fields?: FieldProblem[]; requestId?: string }) {
    super(init.message);
    this.name = 'ApiError';
    this.status = init.status;
    this.code = init.code;
    this.fields = init.fields ?? [];
    this.requestId = init.requestId ?? '';
  }

  /** The same failure without the fields whose problems a form shows beside them. */
  without(shown: (field: string) => boolean): ApiError {
    return new ApiError({ status: this.status, code: this.code, message: this.message, fields: this.fields.filter((f) => !shown(f.field)), requestId: this.requestId });
  }

  /** True when the same call may succeed later without a change by the user. */
  get temporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

export function networkError(): ApiError {
  return new ApiError({ status: 0, code: 'network', message: text.errors.network });
}

/** Reads an answer's body; anything but problem+json becomes a plain sentence. */
export function problemFrom(status: number, body: string): ApiError {
  try {
    const p = JSON.parse(body) as Partial<Problem>;
    if (typeof p.detail === 'string' || typeof p.code === 'string') {
      return new ApiError({
        status,
        code: p.code ?? 'unknown',
        message: p.detail ?? p.title ?? text.errors.unknown,
        fields: p.errors ?? [],
        requestId: p.request_id,
      });
    }
  } catch {
    // A proxy's HTML page, most likely: its text helps nobody.
  }
  return new ApiError({ status, code: 'unknown', message: status >= 500 ? text.errors.server : text.errors.unknown });
}
