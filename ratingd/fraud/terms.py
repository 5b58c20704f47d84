"""What the settings say, in the words of the parts of fraud detection."""

from ratingd.fraud.effects import EffectTerms
from ratingd.settings import Settings
from tariffs.zone import zone
from triggers.masking.decision import DecisionTerms
from triggers.masking.terms import MaskingTerms
from triggers.traffic.terms import TrafficTerms
from triggers.watch.watch_terms import WatchTerms


def watch_terms(settings: Settings) -> WatchTerms:
    return WatchTerms(
        masking_terms(settings),
        traffic_terms(settings),
        DecisionTerms(
            auto_disconnect=settings.masking_auto_disconnect,
            require_both=settings.masking_require_both,
            ml_acts=settings.masking_ml_acts,
            probability_threshold=settings.masking_probability_threshold,
        ),
        shards=settings.detection_shards,
        dedup_ttl_ms=settings.dedup_ttl_seconds * 1000,
        dedup_keys_max=settings.dedup_max_keys,
        centre_distinct=settings.cc_baseline_distinct,
        adaptive=settings.masking_adaptive,
    )


def masking_terms(settings: Settings) -> MaskingTerms:
    return MaskingTerms(
        round(settings.detection_window_seconds * 1000),
        settings.detection_threshold,
        lateness_ms=round(settings.allowed_lateness_seconds * 1000),
        cooldown_ms=round(settings.masking_cooldown_seconds * 1000),
        closed=settings.masking_window_closed,
        calls_max=settings.masking_max_calls_per_b,
        numbers_max=settings.masking_max_b,
    )


def traffic_terms(settings: Settings) -> TrafficTerms:
    return TrafficTerms(
        window_ms=round(settings.detection_window_seconds * 1000),
        zone=zone(settings.fraud_timezone),
        night_hours=settings.night_hours,
        premium=settings.premium_ranges,
        home_region=settings.default_region,
        keys_max=settings.fraud_callers_max,
    )


def effect_terms(settings: Settings) -> EffectTerms:
    return EffectTerms(
        tenant=settings.default_tenant,
        webhooks=settings.alert_webhooks,
        block_ms=settings.masking_block_seconds * 1000,
        score_threshold=settings.masking_probability_threshold,
    )
