from pathlib import Path


class Reservation:
    def settle(self, usd: float | None) -> None: ...
    def release(self) -> None: ...


class Budget:
    limited = False

    def __init__(self, path: Path | None, *, batch: str, run: str, run_usd: float, batch_usd: float) -> None: ...
    async def reserve(self, usd: float) -> Reservation:
        return Reservation()

    def close(self) -> None: ...
