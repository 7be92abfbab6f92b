"""What calls to one model cost: set aside before they are sent, settled when they are answered."""

from vr_assets.backends.budget import Budget, Reservation
from vr_assets.backends.prices import Price, Prices, text_bytes
from vr_assets.records.call import Request, Usage
from vr_assets.settings import MediaResolution

# About what models take: for limits on tokens a minute, where the tokens of a call count before they are known.
_BYTES_A_TOKEN = 4
_ANSWER_TOKENS = 500


class Payment:
    """The cost of one attempt."""

    def __init__(self, reservation: Reservation, price: Price | None) -> None:
        self._reservation = reservation
        self._price = price

    def settle(self, usage: Usage | None) -> None:
        """It was, or may have been, charged for. Without usage all that was set aside counts as spent."""
        self._reservation.settle(self._price.cost(usage) if usage and self._price else None)

    def release(self) -> None:
        """It was not charged for."""
        self._reservation.release()


class Purse:
    """A model's price and the run's budget.

    Args:
        resolution: how Gemini is asked to look at media.
    """

    def __init__(self, prices: Prices, budget: Budget, *, model: str, resolution: MediaResolution | None = None) -> None:
        self._prices = prices
        self._budget = budget
        self._model = model
        self._resolution = resolution
        self._price = prices.of(model, resolution=resolution)

    def cost(self, usage: Usage) -> float | None:
        """USD; None where price or tokens are not known."""
        return self._price.cost(usage) if self._price else None

    def tokens(self, request: Request) -> int:
        """About what a call takes, answer included."""
        media = self._price.media_tokens(request) if self._price else None
        return round(text_bytes(request) / _BYTES_A_TOKEN + (media or 0.0)) + _ANSWER_TOKENS

    async def reserve(self, request: Request, output_limit: int) -> Payment:
        """Set aside the most that an attempt at a prepared request can cost; nothing where there is no budget to keep.

        Raises:
            BudgetError: it does not fit into what is left.
            StageError: a budget is set, and the price table does not say what the model or the request's media cost.
        """
        most_usd = 0.0
        if self._budget.limited:
            most_usd = self._prices.required(self._model, resolution=self._resolution).bound(request, output_limit)
        return Payment(await self._budget.reserve(most_usd), self._price)
