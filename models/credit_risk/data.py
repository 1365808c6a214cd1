"""A seeded generator of loan applicants: 16 features with plausible ranges and a default drawn from a stated risk.

The risk is not linear: debt hurts more at a high rate, late payments weigh more on a short history, savings cushion a lost
income. That is what the better model can find and the baseline cannot.
"""

import numpy as np

FEATURES = (
    "age_years", "income_eur", "employment_years", "loan_eur", "term_months", "interest_rate_pct", "debt_to_income",
    "open_credit_lines", "credit_utilisation", "late_payments_2y", "defaults_7y", "inquiries_6m", "history_years",
    "savings_eur", "owns_home", "dependants",
)  # fmt: skip
TRAIN_SEED = 1
HELD_OUT_SEED = 2


def applicants(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return features [count, 16] float32 in the order of FEATURES, and defaults [count] of 0 and 1."""
    rng = np.random.default_rng(seed)
    age = rng.uniform(18, 75, count)
    income = np.exp(rng.normal(10.4, 0.5, count))
    employed = np.clip(rng.exponential(6, count), 0, age - 17)
    loan = np.exp(rng.normal(9.2, 0.8, count))
    term = rng.choice([12, 24, 36, 48, 60, 84], count)
    rate = np.clip(rng.normal(7, 3, count), 1, 25)
    debt = np.clip(rng.beta(2, 4, count) + loan / income / 8, 0, 2)
    lines = rng.poisson(4, count)
    utilisation = rng.beta(1.6, 3, count)
    late = rng.poisson(0.6, count)
    defaults = rng.poisson(0.08, count)
    inquiries = rng.poisson(1.2, count)
    history = np.clip(rng.exponential(9, count), 0, age - 17)
    savings = np.exp(rng.normal(8, 1.6, count))
    home = rng.random(count) < np.clip((age - 20) / 60, 0, 0.8)
    dependants = rng.poisson(0.9, count)
    risk = (
        -4.2 + 4.5 * np.clip(debt - 0.35, 0, None) * (rate / 7) + 1.1 * late * np.exp(-history / 6)
        + 2.2 * (utilisation > 0.75) + 1.4 * defaults + 0.25 * inquiries * (lines > 5)
        + 1.6 * (employed < 1) * (savings < 2000) - 0.6 * home + 0.18 * np.abs(age - 45) / 10 * (dependants + 1)
        + 1.2 * (loan > income * 0.6) * (term > 48)
    )  # fmt: skip
    columns = (
        age,
        income,
        employed,
        loan,
        term,
        rate,
        debt,
        lines,
        utilisation,
        late,
        defaults,
        inquiries,
        history,
        savings,
    )
    features = np.stack([*columns, home, dependants], axis=1).astype(np.float32)
    return features, (rng.random(count) < 1 / (1 + np.exp(-risk))).astype(np.int64)
