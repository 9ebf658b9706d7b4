import { type ComponentType, lazy } from 'react';

/** What to do so that parts of the program that could not be loaded are loaded again. */
const failed = new Set<() => void>();

/** A component whose file is loaded when it is first shown. Unlike React's, one that failed can be tried again. */
export function chunk<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  const attempt = () =>
    lazy(async () => {
      try {
        return { default: await load() };
      } catch (error) {
        failed.add(() => {
          Part = attempt();
        });
        throw error;
      }
    });
  let Part: ComponentType<P> = attempt();
  return function Chunked(props: P) {
    return <Part {...props} />;
  };
}

/** Parts that could not be loaded are asked for again when they are next shown. */
export function retryChunks() {
  for (const again of failed) again();
  failed.clear();
}
