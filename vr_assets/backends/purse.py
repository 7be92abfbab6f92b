"""What calls to one model cost: reserved before they are sent, settled when they are answered."""

from vr_assets.backends.budget import Budget, Reservation
from vr_assets.backends.prices import Price
from vr_assets.records.call import Request, Usage


class Payment:
    """The cost of one attempt. `tokens` is the most that it can take, for limits on tokens a minute."""

    def __init__(self, reservation: Reservation, price: Price | None, tokens: int) -> None:
        self._reservation = reservation
        self._price = price
        self.tokens = tokens

    def settle(self, usage: Usage | None) -> None:
        """It was, or may have been, charged for. Without usage all that was reserved counts as spent."""
        self._reservation.settle(self._price.cost(usage) if usage and self._price else None)

    def release(self) -> None:
        """It was not charged for."""
        self._reservation.release()


class Purse:
    """A model's price and the run's budget.

    Args:
        price: None where it is not known; then no budget may be set.
    """

    def __init__(self, price: Price | None, budget: Budget) -> None:
        self._price = price
        self._budget = budget

    def cost(self, usage: Usage) -> float | None:
        """USD; None where price or tokens are not known."""
        return self._price.cost(usage) if self._price else None

    async def reserve(self, request: Request, output_limit: int) -> Payment:
        """Set aside what an attempt at a prepared request may cost at most.

        Raises:
            BudgetError: it does not fit into what is left.
            StageError: the price table does not say what the request's media cost.
        """
        most_usd = self._price.bound(request, output_limit) if self._price and self._budget.limited else 0.0
        return Payment(await self._budget.reserve(most_usd), self._price, output_limit)
