"""Named features -> the vector that credit_risk takes; what is not a finite number is refused by its name."""

import numpy as np

ORDER = (
    "age_years", "income_eur", "employment_years", "loan_eur", "term_months", "interest_rate_pct", "debt_to_income",
    "open_credit_lines", "credit_utilisation", "late_payments_2y", "defaults_7y", "inquiries_6m", "history_years",
    "savings_eur", "owns_home", "dependants",
)  # fmt: skip


def infer(**features: np.ndarray) -> dict[str, np.ndarray]:
    """Sixteen [n, 1] float32 -> features [n, 16] float32."""
    vector = np.concatenate([features[name] for name in ORDER], axis=1)
    bad = np.argwhere(~np.isfinite(vector))
    if len(bad):
        row, column = bad[0]
        raise ValueError(f"{ORDER[column]}: row {row} is {vector[row, column]}; expected a finite number")
    return {"features": vector}
