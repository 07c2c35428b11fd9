import { useEffect } from 'react';

/** Shows the part of the page that the address names, once it is there. */
export function useHashTarget(isThere: boolean): void {
  useEffect(() => {
    if (isThere) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }, [isThere]);
}
