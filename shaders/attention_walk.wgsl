// Include: the keys that a thread and its workgroup walk in this piece of the call, and what lies behind them.
//
// Arguments: position of the row's first query, and how many queries the row has.
// Needs: params key_begin, key_end; doc_bounds; `group`, `tiles`, `row_start`, `first_row`, `last_row`, `doc_start0`, `t0` (first query's own).
// Gives: `walks`: whether this thread has keys in the piece; `end`: one past its last key in any piece; `walk_from`, `walk_to`: of the workgroup;
//        `open_from`, `open_to`: blocks between them hide nothing from anyone.
let end = $1 + last_row + 1u;
let begin = max(doc_start0, params.key_begin);
let stop = select(0u, min(end, params.key_end), first_row < $2);
let walks = begin < stop;
//#if STAGED
let tile_first = group % tiles * TEAMS * ROWS;
let tile_last = min(tile_first + TEAMS * ROWS, $2) - 1u;
let first_t = $1 + tile_first;
let last_t = $1 + tile_last;
let walk_from = max(doc_bounds[row_start + first_t].x, params.key_begin) / TILE * TILE;
let walk_to = min(last_t + 1u, params.key_end);
let open_from = doc_bounds[row_start + last_t].x;
let open_to = first_t + 1u;
//#else
let walk_from = least(select(NOWHERE, begin, walks)) / BLOCK * BLOCK;
let walk_to = most(select(0u, stop, walks));
let open_from = most(select(0u, doc_bounds[row_start + $1 + last_row].x, walks));
let open_to = least(select(NOWHERE, t0 + 1u, walks));
//#end
