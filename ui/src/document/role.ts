const roles = ['viewer', 'member', 'admin', 'owner'];

/** Whether a role is at least another one; whoever has no role in a tenant is none of its members. */
export function atLeast(role: string | undefined, minimum: string | undefined): boolean {
  if (minimum === undefined) return true;
  return role !== undefined && roles.indexOf(role) >= roles.indexOf(minimum);
}
