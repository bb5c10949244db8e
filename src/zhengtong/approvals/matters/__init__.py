"""事项 Matters: the versioned catalogue of what a county handles — conditions, materials, limits, steps, fees, law, forms."""
