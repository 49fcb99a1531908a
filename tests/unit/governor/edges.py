"""Where each rule turns: the last value it allows, and the first it does not."""

from tests.unit.governor import edges_account, edges_market, edges_order, edges_room
from tests.unit.governor.edge import Edge

EDGES: dict[str, Edge] = {
    **edges_order.EDGES,
    **edges_room.EDGES,
    **edges_account.EDGES,
    **edges_market.EDGES,
}
