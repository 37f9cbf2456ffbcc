// Include: threads that own nothing leave at once, but where the others need them for loading and wait for them at barriers.
//
// Needs: `row0`, `is_idle` (whether the columns lie outside). Those who stay leave after the product.
//#if !STAGED && !TEAM
if (is_past(row0, params.m) || is_idle) { return; }
//#end
