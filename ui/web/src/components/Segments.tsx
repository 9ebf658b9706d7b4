import styled from 'styled-components';

const Group = styled.div`
  background-color: ${({ theme }) => theme.colors.secondary20};
  border-radius: ${({ theme }) => theme.borderRadius.normal};
  display: inline-flex;
  gap: 2px;
  padding: 2px;
`;

const Segment = styled.button`
  background-color: ${({ 'aria-pressed': pressed, theme }) => (pressed ? theme.colors.white : 'transparent')};
  border: 0;
  border-radius: ${({ theme }) => theme.borderRadius.normal};
  color: ${({ 'aria-pressed': pressed, theme }) => (pressed ? theme.colors.secondary70 : theme.colors.secondary60)};
  cursor: pointer;
  font: inherit;
  font-size: ${({ theme }) => theme.typography.fontSize.small};
  font-weight: ${({ 'aria-pressed': pressed, theme }) => (pressed ? theme.typography.fontWeight.semiBold : theme.typography.fontWeight.regular)};
  line-height: ${({ theme }) => theme.lineHeight.medium};
  padding: 0 ${({ theme }) => theme.spacing.small};

  &:hover {
    color: ${({ theme }) => theme.colors.secondary70};
  }
`;

interface Props<T extends string> {
  label: string;
  items: { id: T; text: string }[];
  active: T;
  onChange: (id: T) => void;
}

/** A choice of a few, one of which always holds. */
export function Segments<T extends string>({ label, items, active, onChange }: Props<T>) {
  return (
    <Group aria-label={label} role="group">
      {items.map((i) => (
        <Segment aria-pressed={i.id === active} key={i.id} onClick={() => onChange(i.id)} type="button">
          {i.text}
        </Segment>
      ))}
    </Group>
  );
}
