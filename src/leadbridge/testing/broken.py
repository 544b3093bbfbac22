"""Adapters that are wrong on purpose: every law has to catch at least one of them, or it is no law.

Each is the in-memory adapter with one mistake that real adapters make. ``caught_by`` names the law that is meant to
see it; others may see it too.
"""

from __future__ import annotations

from dataclasses import dataclass

from leadbridge.memory import MemoryAdapter, MemoryCrm
from leadbridge.testing import broken_abilities as abilities
from leadbridge.testing import broken_reading as reading
from leadbridge.testing import broken_writing as writing
from leadbridge.testing.memory_bench import SETTLE, MemoryBench

__all__ = ["BROKEN", "Broken"]


@dataclass(frozen=True, slots=True)
class Broken:
    """One wrong adapter.

    Attributes:
        adapter: its class.
        caught_by: the law that sees the mistake.
        promises: whether it promises everything that the in-memory adapter can do, or nothing.
    """

    adapter: type[MemoryAdapter]
    caught_by: str
    promises: bool = True

    def bench(self) -> MemoryBench:
        """A new bench with this adapter."""

        def make(crm: MemoryCrm) -> MemoryAdapter:
            return self.adapter(
                crm=crm,
                settle=SETTLE,
                conditional_writes=self.promises,
                archives=self.promises,
                sees_deleted=self.promises,
                read_batch=10,
                write_batch=10,
            )

        return MemoryBench(make, provisioned=self.promises, converts=self.promises, ratchet=self.promises)


BROKEN = (
    Broken(reading.StopsAfterOnePage, "test_every_record_appears"),
    Broken(reading.KeepsItsPlaceToItself, "test_reading_can_stop_after_any_page_and_go_on_elsewhere"),
    Broken(reading.LosesTies, "test_records_of_one_moment_are_all_seen"),
    Broken(reading.NeverLooksBack, "test_a_change_that_shows_late_is_not_lost"),
    Broken(reading.ReadsEverythingAgain, "test_when_nothing_changed_nothing_is_read"),
    Broken(reading.HandsOutObjects, "test_a_cursor_is_text"),
    Broken(reading.IgnoresTheLimit, "test_a_page_is_never_longer_than_asked_for"),
    Broken(reading.RemembersFirstSight, "test_a_record_edited_while_pages_are_walked_appears_as_it_is_now"),
    Broken(reading.ReadsAllFields, "test_only_what_was_asked_for_is_read"),
    Broken(reading.HasOneVersion, "test_a_version_changes_when_the_record_does"),
    Broken(reading.RepeatsIds, "test_a_sweep_names_every_live_record_once"),
    Broken(reading.FindsLate, "test_find_is_complete_in_order_and_never_late"),
    Broken(reading.AnswersInItsOwnOrder, "test_fetch_answers_for_every_ref_in_order"),
    Broken(reading.FetchesOneBatch, "test_fetch_answers_for_every_ref_in_order"),
    Broken(reading.HidesDeletedRecords, "test_deleted_records_are_seen_as_declared"),
    Broken(reading.SweepsWhatItCannotSee, "test_deleted_records_are_seen_as_declared", promises=False),
    Broken(reading.ForgetsMerges, "test_a_merged_record_leads_to_its_successor"),
    Broken(reading.ShowsConvertedAsLive, "test_a_converted_record_leads_to_its_successor_as_declared"),
    Broken(reading.ConvertsUndeclared, "test_a_converted_record_leads_to_its_successor_as_declared", promises=False),
    Broken(writing.Replaces, "test_fields_that_are_not_mentioned_stay"),
    Broken(writing.NeverClears, "test_none_clears_and_absence_does_not"),
    Broken(writing.AlwaysCreates, "test_an_upsert_done_twice_makes_one_record"),
    Broken(writing.AllOrNothing, "test_one_bad_record_does_not_spoil_the_others"),
    Broken(writing.SwallowsRefusals, "test_one_bad_record_does_not_spoil_the_others"),
    Broken(writing.LeavesOutReadOnly, "test_what_is_described_as_read_only_is_refused"),
    Broken(writing.SortsReceipts, "test_receipts_come_in_order_for_any_number_of_writes"),
    Broken(writing.WritesOneBatch, "test_receipts_come_in_order_for_any_number_of_writes"),
    Broken(writing.IgnoresVersions, "test_a_stale_version_is_a_conflict_as_declared"),
    Broken(writing.TakesUndeclaredVersions, "test_a_stale_version_is_a_conflict_as_declared", promises=False),
    Broken(writing.ForgetsTheMarker, "test_what_was_applied_is_there_with_its_marker"),
    Broken(writing.HidesTheMarker, "test_our_own_write_comes_back_recognisably"),
    Broken(writing.TakesLostForRefused, "test_a_lost_answer_can_be_repeated"),
    Broken(writing.MakesNewKeys, "test_a_lost_answer_can_be_repeated"),
    Broken(writing.Normalises, "test_any_text_comes_back_as_it_was_written"),
    Broken(writing.ArchivesNothing, "test_archiving_works_as_declared"),
    Broken(writing.ArchivesUndeclared, "test_archiving_works_as_declared", promises=False),
    Broken(writing.HidesTheRatchet, "test_a_stage_goes_back_as_declared"),
    Broken(writing.ClaimsARatchet, "test_a_stage_goes_back_as_declared", promises=False),
    Broken(writing.CreatesUndeclared, "test_creating_by_key_works_as_declared", promises=False),
    Broken(reading.InventsFields, "test_the_description_is_true_of_itself"),
    Broken(reading.Retries, "test_every_trouble_has_its_class_and_is_passed_on_at_once"),
    Broken(reading.Sleeps, "test_every_trouble_has_its_class_and_is_passed_on_at_once"),
    Broken(reading.TurnsTroubleIntoNothing, "test_every_trouble_has_its_class_and_is_passed_on_at_once"),
    Broken(reading.ForgetsTheWait, "test_every_trouble_has_its_class_and_is_passed_on_at_once"),
    Broken(writing.QuotesValues, "test_no_content_is_told_to_anybody"),
    Broken(writing.LogsPayloads, "test_no_content_is_told_to_anybody"),
    Broken(writing.ChainsTheVendorsError, "test_no_content_is_told_to_anybody"),
    Broken(reading.ClosesOnce, "test_closing_twice_is_fine"),
    Broken(reading.ClosesForAll, "test_adapters_do_not_disturb_each_other"),
    Broken(reading.IsAlone, "test_threads_can_share_an_adapter"),
    Broken(abilities.NamesLookupsByText, "test_a_lookup_is_a_ref_however_it_is_read"),
    Broken(abilities.StreamsLookupsBlank, "test_a_lookup_is_a_ref_however_it_is_read"),
    Broken(abilities.BelievesEverybody, "test_a_webhook_is_believed_only_when_it_is_signed"),
    Broken(abilities.RepeatsHints, "test_a_webhook_is_believed_only_when_it_is_signed"),
    Broken(abilities.TellsHistoryBackward, "test_history_is_told_from_the_oldest_value_to_the_present_one"),
    Broken(abilities.TellsEverybodysHistory, "test_history_is_told_from_the_oldest_value_to_the_present_one"),
    Broken(abilities.ErasesIntoTheBin, "test_who_is_erased_is_gone_and_nobody_else_is"),
    Broken(abilities.SaysThatItErased, "test_who_is_erased_is_gone_and_nobody_else_is"),
)
"""All of them, in the order of the laws."""
