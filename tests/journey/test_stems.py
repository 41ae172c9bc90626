from __future__ import annotations

from analyzer.journey.stems import stems


def test_stems_join_inflections_and_leave_out_masks_and_long_numbers() -> None:
    assert stems("Heizung [NAME_1] 4410882 76 €") == {"heizun", "76"}
    assert stems("Heizungen, ÜBERWEISUNG überweisungen") == {"heizun", "überwe"}
