export const plural = (n: string, count: number, one: string, many: string) => `${n} ${count === 1 ? one : many}`;
