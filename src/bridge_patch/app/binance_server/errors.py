"""The exchange's refusals: a code, its words, and the HTTP status they come with.

Words are those of recorded replies where there are any, else of the published list.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, final

BAD_REQUEST: Final = 400

_WORDS: Final = MappingProxyType(
    {
        -1000: "An unknown error occurred while processing the request.",
        -1001: "Internal error; unable to process your request. Please try again.",
        -1006: "An unexpected response was received from the message bus. "
        "Execution status unknown.",
        -1007: "Timeout waiting for response from backend server. "
        "Send status unknown; execution status unknown.",
        -1008: "Request throttled by system-level protection. Reduce-only/close-position "
        "orders are exempt. Please try again.",
        -1015: "Too many new orders.",
        -1016: "This service is no longer available.",
        -1021: "Timestamp for this request is outside of the recvWindow.",
        -1022: "Signature for this request is not valid.",
        -1111: "Precision is over the maximum defined for this asset.",
        -1112: "No orders on book for symbol.",
        -1121: "Invalid symbol.",
        -1122: "Invalid symbol status.",
        -1125: "This listenKey does not exist.",
        -2011: "Unknown order sent.",
        -2013: "Order does not exist.",
        -2014: "API-key format invalid.",
        -2015: "Invalid API-key, IP, or permissions for action",
        -2019: "Margin is insufficient.",
        -2021: "Order would immediately trigger.",
        -2022: "ReduceOnly Order is rejected.",
        -2025: "Reach max open order limit.",
        -2028: "Leverage is smaller than permitted: insufficient margin balance.",
        -2027: "Exceeded the maximum allowable position at current leverage.",
        -2007: "Invalid callBack rate.",
        -4003: "Quantity less than or equal to zero.",
        -4014: "Price not increased by tick size.",
        -4015: "Client order id is not valid.",
        -4045: "Reach max stop order limit.",
        -4046: "No need to change margin type.",
        -4047: "Margin type cannot be changed if there exists open orders.",
        -4048: "Margin type cannot be changed if there exists position.",
        -4059: "No need to change position side.",
        -4061: "Order's position side does not match user's setting.",
        -4067: "Position side cannot be changed if there exists open orders.",
        -4068: "Position side cannot be changed if there exists position.",
        -4087: "ReduceOnly Order Failed. Your account may only place reduce-only orders.",
        -4116: "ClientOrderId is duplicated.",
        -4117: "Stop order is triggering.",
        -4118: "ReduceOnly Order Failed. Please check your existing position and open "
        "orders.",
        -4120: "Order type not supported for this endpoint. Please use the Algo Order API "
        "endpoints instead.",
        -4131: "The counterparty's best price does not meet the PERCENT_PRICE filter "
        "limit.",
        -4135: "Invalid activation price.",
        -4136: "Target strategy invalid for orderType, closePosition or reduceOnly.",
        -4137: "Quantity must be zero with closePosition equals true.",
        -4138: "Reduce only must be true with closePosition equals true.",
        -4161: "Leverage reduction is not supported in Isolated Margin Mode with open "
        "positions.",
        -4165: "Invalid time interval, maximum time interval is 7 days.",
        -4166: "Search window is restricted to recent 90 days only.",
        -4168: "Unable to adjust to isolated-margin mode under the Multi-Assets mode.",
        -4171: "No need to change Multi-Assets mode.",
        -4203: "Leverage of accounts younger than 60 days cannot exceed 20x.",
        -4509: "Time in Force (TIF) GTE can only be used with open positions.",
        -5021: "Due to the order could not be filled immediately, the FOK order has been "
        "rejected. The order will not be recorded in the order history",
        -5022: "Due to the order could not be executed as maker, the Post Only order will "
        "be rejected. The order will not be recorded in the order history",
        -5025: "Only limit order is supported.",
        -5027: "No need to modify the order.",
    }
)


@final
class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not a fault of ours
    """The exchange's no, as a client reads it."""

    def __init__(self, code: int, words: str = "", *, status: int = BAD_REQUEST) -> None:
        self.code, self.status = code, status
        self.words = words or words_of(code)
        super().__init__(f"{code} {self.words}")


def words_of(code: int) -> str:
    """Return the words that go with a code; what is not listed is named plainly."""
    return _WORDS.get(code, "Refused by the simulated exchange.")


def missing(name: str) -> Refusal:
    """Return the refusal of a request that lacks a parameter."""
    words = f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    return Refusal(-1102, words)


def not_required(name: str) -> Refusal:
    """Return the refusal of a parameter that must not be there."""
    return Refusal(-1106, f"Parameter '{name}' sent when not required.")


def malformed(name: str) -> Refusal:
    """Return the refusal of a parameter with characters that it cannot have."""
    return Refusal(-1100, f"Illegal characters found in parameter '{name}'.")


def invalid(what: str, code: int) -> Refusal:
    """Return the refusal of a word that is none of those allowed."""
    return Refusal(code, f"Invalid {what}.")
