// Not run: that it type-checks says that the document tells what the API is.
import type { components, operations, paths } from './binnacle.ts';

type Pods = paths['/api/v1/clusters/{cluster}/pods']['get'];
type Page = Pods['responses'][200]['content']['application/json'];
type Pod = components['schemas']['Pod'];
type Problem = components['responses']['NotFound']['content']['application/problem+json'];

export async function broken(server: string, token: string): Promise<Pod[]> {
  const wanted: Pods['parameters']['query'] = { state: 'bad', limit: 1000 };
  const query = new URLSearchParams(Object.entries(wanted ?? {}).map(([name, value]) => [name, String(value)]));
  const answer = await fetch(`${server}/api/v1/clusters/demo/pods?${query}`, { headers: { authorization: `Bearer ${token}` } });
  if (!answer.ok) throw new Error(((await answer.json()) as Problem).detail);
  const page = (await answer.json()) as Page;
  const pods: Pod[] = page.items;
  return pods.filter((pod) => pod.health === 'bad' && pod.created > '2026');
}

// An event is told apart by its type.
export function follow(event: components['schemas']['Event']): number {
  switch (event.type) {
    case 'whole': return event.figure.marks.length;
    case 'change': return event.steps.length;
    case 'incident': return Date.parse(event.incident.began);
    case 'alive': return 0;
  }
}

// @ts-expect-error: no state is called so.
export const odd: components['schemas']['Health'] = 'splendid';
export const ended: components['schemas']['Deployment']['ended'] = null;
export const stage: components['schemas']['BackupCourse']['stage'] = 'delivering';
export type Link = operations['post_embed_links']['responses'][201]['content']['application/json'];
