import { useQuery } from '@tanstack/react-query';
import { settingsQueries } from '../api/queries/settings';
import { actorName } from '../lib/activity';
import { useApp, useSession } from './app';

const kinds = ['user', 'key', 'system', 'bigcommerce', 'operator'] as const;

/** Who did something, by e-mail or by the key's name while that is known: "user:<id>", "key:<id>"; empty is Sluice itself. */
export function ActorName({ actor }: { actor: string }) {
  const { client } = useApp();
  const { permissions } = useSession();
  const [said = '', id = ''] = actor.split(':');
  const type = kinds.find((k) => k === said) ?? 'system';
  const users = useQuery({ ...settingsQueries.users(client), enabled: type === 'user', staleTime: 60_000 });
  const keys = useQuery({ ...settingsQueries.apiKeys(client), enabled: type === 'key' && permissions.admin, staleTime: 60_000 });
  const name = type === 'user' ? users.data?.find((u) => u.id === id || String(u.user_id) === id)?.email : keys.data?.find((k) => k.id === id)?.name;
  return <>{actorName({ type, id, name: name ?? '' })}</>;
}
