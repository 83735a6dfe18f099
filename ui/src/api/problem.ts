/** A problem document (RFC 9457), as the API answers every error. */
export interface Problem {
  title: string;
  status: number;
  detail: string;
  code: string;
  request_id: string;
  errors?: { field: string; code: string; message: string }[];
  tenants?: TenantChoice[];
}

export interface TenantChoice {
  id: string;
  slug: string;
  name: string;
}

/** An answer that is an error. Its body is what react-admin puts at the fields of a form. */
export class ApiError extends Error {
  readonly problem: Problem;
  readonly status: number;
  readonly body: { errors?: Record<string, string> };

  constructor(problem: Problem, retryAfter = 0) {
    super(messageOf(problem, retryAfter));
    this.problem = problem;
    this.status = problem.status;
    this.body = formErrors(problem);
  }
}

function messageOf(problem: Problem, retryAfter: number): string {
  if (problem.code === 'rate_limited') {
    return `Too many requests were made. The next one is taken in ${duration(retryAfter)}.`;
  }
  const first = problem.errors?.[0];
  const detail =
    problem.errors?.length === 1 && first
      ? `${problem.detail} ${first.field}: ${first.message}`
      : problem.detail;
  return problem.status >= 500 ? `${detail} (request ${problem.request_id})` : detail;
}

function duration(seconds: number): string {
  return seconds < 120 ? `${Math.max(seconds, 1)} seconds` : `${Math.ceil(seconds / 60)} minutes`;
}

/** The messages by field. Those of a part of a field, such as metadata.color, stand at the field. */
function formErrors(problem: Problem): { errors?: Record<string, string> } {
  if (!problem.errors?.length) return {};
  const errors: Record<string, string> = {};
  for (const { field, message } of problem.errors) {
    const [name = field] = field.split('.');
    const text = name === field ? message : `${field.slice(name.length + 1)}: ${message}`;
    errors[name] = errors[name] ? `${errors[name]} ${text}` : text;
  }
  return { errors };
}

/** Reads the error out of an answer that is one. */
export async function problemOf(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get('Retry-After') ?? 0);
  try {
    if (response.headers.get('Content-Type')?.startsWith('application/problem+json')) {
      return new ApiError((await response.json()) as Problem, retryAfter);
    }
  } catch {
    // What can't be read is no problem document.
  }
  const detail = `The server answered ${response.status}.`;
  return new ApiError({
    title: '',
    status: response.status,
    detail,
    code: '',
    request_id: response.headers.get('X-Request-ID') ?? '',
  });
}

/** Whether an error is an answer of the given kind. */
export function isProblem(error: unknown, ...codes: string[]): error is ApiError {
  return error instanceof ApiError && codes.includes(error.problem.code);
}
