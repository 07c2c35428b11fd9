// Any set of the reference systems, as processes: `node trading/floor.ts --help`.
import './floor/src/main.ts';
