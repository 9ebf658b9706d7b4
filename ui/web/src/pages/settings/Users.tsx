import { Badge, Flex, Panel, Select, Text } from '@bigcommerce/big-design';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { sessionKeys } from '../../api/queries/session';
import { settingsKeys, settingsQueries } from '../../api/queries/settings';
import type { RoleChange, User } from '../../api/types';
import { useAccess, useApp, useFeedback, useSession } from '../../components/app';
import { Wrap } from '../../components/Cells';
import { Confirm } from '../../components/Confirm';
import { Loaded, Quiet } from '../../components/Feedback';
import { DataTable } from '../../components/DataTable';
import { settingsText } from '../../texts/settings';

const roles: { value: RoleChange['role']; content: string }[] = [
  { value: 'admin', content: settingsText.users.roles.admin },
  { value: 'viewer', content: settingsText.users.roles.viewer },
];

export function Users() {
  const { client, format } = useApp();
  const session = useSession();
  const qc = useQueryClient();
  const feedback = useFeedback();
  const admin = useAccess('admin');
  const query = useQuery(settingsQueries.users(client));
  const t = settingsText.users;
  const [demoting, setDemoting] = useState<User>();
  const setRole = useMutation({
    mutationFn: ({ user, role }: { user: User; role: RoleChange['role'] }) => client.setRole(user.id, role),
    onSuccess: (_, { user, role }) => {
      feedback.success(t.changed(user.email, t.roles[role]));
      void qc.invalidateQueries({ queryKey: settingsKeys.users });
      if (user.id === session.user?.id) void qc.invalidateQueries({ queryKey: sessionKeys.session });
    },
    onError: feedback.failure,
    onSettled: () => setDemoting(undefined),
  });
  return (
    <Panel description={t.description} header={t.header}>
      {admin.allowed ? null : <Text color="secondary60">{t.adminOnly}</Text>}
      <Loaded query={query}>
        {(users) =>
          users.length === 0 ? (
            <Quiet>{t.empty}</Quiet>
          ) : (
            <DataTable
              aria-label={t.header}
              columns={[
                {
                  header: t.email,
                  hash: 'email',
                  render: (u: User) => (
                    <Wrap $min={10}>
                      <Flex flexDirection="row" alignItems="center" flexGap="0.5rem" flexWrap="wrap">
                        {u.email || u.user_id} {u.id === session.user?.id ? <Badge label={t.you} variant="secondary" /> : null}
                      </Flex>
                    </Wrap>
                  ),
                },
                {
                  header: t.role,
                  hash: 'role',
                  width: 180,
                  render: (u: User) =>
                    u.role === 'owner' || !admin.allowed ? (
                      t.roles[u.role]
                    ) : (
                      <Select
                        aria-label={t.roleOf(u.email)}
                        disabled={setRole.isPending}
                        onOptionChange={(role) => {
                          if (!role || role === u.role) return;
                          if (role === 'viewer') setDemoting(u);
                          else setRole.mutate({ user: u, role });
                        }}
                        options={roles}
                        value={u.role}
                      />
                    ),
                },
                { header: t.lastSeen, hash: 'seen', render: (u: User) => (u.last_seen_at ? format.ago(u.last_seen_at) : t.never) },
              ]}
              items={users}
              keyField="id"
            />
          )
        }
      </Loaded>
      <Confirm
        busy={setRole.isPending}
        confirm={t.demote.confirm}
        destructive
        header={t.demote.header}
        message={t.demote.message(demoting?.email ?? '')}
        onClose={() => setDemoting(undefined)}
        onConfirm={() => demoting && setRole.mutate({ user: demoting, role: 'viewer' })}
        open={demoting !== undefined}
      />
    </Panel>
  );
}
