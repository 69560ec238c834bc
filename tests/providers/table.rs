//! The table: what each preset comes to at its service, proved by playing it.

use std::collections::BTreeSet;

use valetkey::provider::{Catalogue, Preset, Way};

use crate::child;
use crate::dressed::By;
use crate::fixture::{Fixture, Outcome};
use crate::story::Stage;

/// The ways that a preset offers.
pub(crate) fn ways(preset: &Preset) -> Vec<By> {
    let by = |way: &Way| match way {
        Way::Browser => By::Browser,
        Way::Device => By::Device,
    };
    if preset.client.ways.is_empty() {
        // Nothing is offered; what happens to who tries all the same is played.
        return vec![By::Browser];
    }
    preset.client.ways.iter().map(by).collect()
}

/// Every preset and its facts, in the order of the catalogue.
pub(crate) fn pairs() -> Vec<(&'static Preset, Fixture)> {
    let mut facts = Fixture::all();
    Catalogue::built_in()
        .presets()
        .iter()
        .filter_map(|preset| {
            let at = facts.iter().position(|(id, _)| *id == preset.id)?;
            Some((preset, facts.remove(at).1))
        })
        .collect()
}

/// Plays every preset in a process of its own, one after the other; `play` says what is wrong.
pub(crate) fn play(test: &str, play: &impl AsyncFn(&Stage, &Preset, &Fixture) -> Vec<String>) {
    child::run(test, |surroundings| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let complaints = runtime.block_on(async {
            let stage = Stage::open(surroundings);
            let mut complaints = Vec::new();
            for (preset, facts) in pairs() {
                complaints.extend(play(&stage, preset, &facts).await);
            }
            complaints
        });
        assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
    });
}

#[test]
fn every_preset_has_its_facts_and_every_fact_its_preset() {
    let presets: BTreeSet<String> = Catalogue::built_in()
        .presets()
        .iter()
        .map(|preset| preset.id.clone())
        .collect();
    let facts: BTreeSet<String> = Fixture::all().into_iter().map(|(id, _)| id).collect();
    assert_eq!(presets, facts);
}

#[test]
fn every_preset_comes_to_what_the_table_says() {
    play(
        "table::every_preset_comes_to_what_the_table_says",
        &async |stage: &Stage, preset: &Preset, facts: &Fixture| {
            let mut wrong = Vec::new();
            if facts.outcome == Outcome::Unverified {
                return wrong;
            }
            for by in ways(preset) {
                let end = stage.play(preset, facts, by, None).await;
                let id = &preset.id;
                match (facts.outcome, facts.fails_at.as_deref(), end) {
                    (Outcome::Connects, _, Ok(())) => {}
                    (Outcome::Refused, Some(at), Err(end)) if end.at == at => {}
                    (_, at, end) => wrong.push(format!("{id} by {by:?}, {at:?}: {end:?}")),
                }
            }
            wrong
        },
    );
}

/// A quirk that a preset declares is one that its service really has: without it, one of its ways breaks.
#[test]
fn i_09_no_preset_connects_without_one_of_its_quirks() {
    play(
        "table::i_09_no_preset_connects_without_one_of_its_quirks",
        &async |stage: &Stage, preset: &Preset, facts: &Fixture| {
            let mut idle = Vec::new();
            if facts.outcome != Outcome::Connects {
                return idle;
            }
            for quirk in preset.quirks() {
                let mut breaks = false;
                for by in ways(preset) {
                    breaks = breaks || stage.play(preset, facts, by, Some(quirk)).await.is_err();
                }
                if !breaks {
                    idle.push(format!("{} connects without {}", preset.id, quirk.name()));
                }
            }
            idle
        },
    );
}
