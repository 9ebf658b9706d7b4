import { useQuery } from '@tanstack/react-query';
import { settingsQueries } from '../api/queries/settings';
import { text } from '../text';
import { settingsText } from '../texts/settings';
import { useApp } from './app';

/** Who did something: "user:<id>" by e-mail when the user is still known. */
export function ActorName({ actor }: { actor: string }) {
  const { client } = useApp();
  const colon = actor.indexOf(':');
  const kind = colon < 0 ? actor : actor.slice(0, colon);
  const id = colon < 0 ? '' : actor.slice(colon + 1);
  const users = useQuery({ ...settingsQueries.users(client), enabled: kind === 'user', staleTime: 60_000 });
  const user = users.data?.find((u) => u.id === id || String(u.user_id) === id);
  return <>{user?.email ?? settingsText.audit.actors[kind] ?? (actor || text.none)}</>;
}
