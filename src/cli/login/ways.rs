//! The ways to finish a sign-in in words: all at once when the approval is waited for, the likeliest first.

use super::super::output;
use super::picture::picture;
use crate::engine::{Attempt, Way};
use crate::host::{FirstWay, columns_of_stderr};

/// What stands between the person and the ways.
pub(super) struct Surroundings {
    /// The likeliest way here.
    pub(super) first: FirstWay,
    /// The person's settings say so.
    pub(super) wished: bool,
    /// Over SSH: a browser of this machine would open where nobody looks.
    pub(super) ssh: bool,
    /// Others can reach the ports of this machine: forwarding one comes last.
    pub(super) shared: bool,
    /// A way was told already.
    pub(super) led: bool,
    /// An address can be pasted here.
    pub(super) pastes: bool,
    pub(super) qr: bool,
}

/// A way in words: the beginning of its sentence in small letters, then the rest.
struct Told {
    way: FirstWay,
    lead: &'static str,
    text: String,
    /// A QR picture, which is not folded.
    picture: Option<String>,
}

/// Tells them.
pub(super) async fn tell(ways: &[Way], attempt: &Attempt, place: &Surroundings) {
    let mut told: Vec<Told> = ways.iter().filter_map(|way| of(way, place)).collect();
    if !place.led {
        told.extend(here(attempt, place).await);
        let listens = ways.iter().any(|way| matches!(way, Way::Open { .. }));
        told.extend(anywhere(attempt, place, listens).await);
    }
    for (
        at,
        Told {
            lead,
            text,
            picture,
            ..
        },
    ) in in_order(told, place).into_iter().enumerate()
    {
        output::note(&if at == 0 && !place.led {
            format!("{}{text}", capitalised(lead))
        } else {
            format!("Or {lead}{text}")
        });
        if let Some(picture) = picture {
            output::ask(&picture);
        }
    }
}

fn in_order(mut told: Vec<Told>, place: &Surroundings) -> Vec<Told> {
    let rank = |told: &Told| match told.way {
        // Its address is long to hear. On this machine even a browser in the terminal spares it.
        FirstWay::Paste if !place.ssh && !place.wished => 6,
        way if way == place.first => 0,
        FirstWay::Device => 1,
        FirstWay::Forward if place.shared => 5,
        FirstWay::Forward => 2,
        FirstWay::Browser => 3,
        FirstWay::Paste => 4,
    };
    told.sort_by_key(rank);
    told
}

fn capitalised(lead: &str) -> String {
    let mut letters = lead.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn of(way: &Way, place: &Surroundings) -> Option<Told> {
    match way {
        Way::Forward {
            lines,
            target,
            start_url,
        } => {
            let fill_in = if target.is_none() {
                "\n(HOST is the name you typed to get here; --ssh-host USER@HOST fills it in, once)"
            } else {
                ""
            };
            Some(Told {
                way: FirstWay::Forward,
                lead: "forward the port",
                text: format!(
                    ": on your laptop, in another terminal, run\n  {}{fill_in}\nthen open  {start_url}",
                    lines.command
                ),
                picture: None,
            })
        }
        Way::Device {
            user_code,
            verification_uri,
            complete,
            foreign_host,
            ..
        } => {
            let foreign = if *foreign_host {
                "The page lies on another host than the provider; check that you know it.\n"
            } else {
                ""
            };
            let text = format!(
                ":\nOnly use a code that you asked for here yourself. Never give it to anyone, and never type one that somebody sent you.\n{foreign}  open  {verification_uri}\n  type  {user_code}"
            );
            let page = complete.as_ref().unwrap_or(verification_uri);
            // The code is compared even where the picture brings it along (conformance K-04).
            let picture = place.qr.then(|| {
                let picture = picture(page, columns_of_stderr());
                format!("{picture}\nCheck that the page shows {user_code}.\n")
            });
            Some(Told {
                way: FirstWay::Device,
                lead: "type a code in a browser anywhere",
                text,
                picture,
            })
        }
        Way::Open { .. } | Way::Paste => None,
    }
}

/// A browser on this machine. Over SSH the forwarded port leads to the same address.
async fn here(attempt: &Attempt, place: &Surroundings) -> Option<Told> {
    if place.ssh && !place.shared {
        return None;
    }
    let url = attempt.remote.start_url(false).await?;
    Some(Told {
        way: FirstWay::Browser,
        lead: "open this in a browser on this machine",
        text: format!(":\n  {url}"),
        picture: None,
    })
}

/// A browser that does not reach this machine, whose last address is pasted here.
async fn anywhere(attempt: &Attempt, place: &Surroundings, listens: bool) -> Option<Told> {
    if !place.pastes {
        return None;
    }
    let url = attempt.remote.authorization_url().await?;
    Some(pasted(url.reveal(), listens))
}

/// A listener has heard other addresses before this one: it says itself which browser it speaks of.
/// `listens`: this machine hears the answer of its own browser, which needs no paste.
fn pasted(url: &str, listens: bool) -> Told {
    Told {
        way: FirstWay::Paste,
        lead: if listens {
            "open this in a browser on another machine"
        } else {
            "open this in a browser anywhere"
        },
        text: format!(
            ":\n  {url}\nApprove there. The last page there fails to load: paste its whole address here (it is not shown). Never send it to anyone."
        ),
        picture: None,
    }
}

#[cfg(test)]
mod tests {
    use super::FirstWay::{Browser, Device, Forward, Paste};
    use super::*;

    #[test]
    fn z_03_what_is_pasted_is_said_to_come_from_the_browser_of_that_way() {
        let said = |listens| {
            let told = pasted("https://id.example/authorize?x", listens);
            format!("{}{}", told.lead, told.text)
        };
        let sentence = ":\n  https://id.example/authorize?x\nApprove there. The last page there fails to load: paste its whole address here (it is not shown). Never send it to anyone.";
        for (listens, lead) in [
            (true, "open this in a browser on another machine"),
            // With `--paste` one on this machine may do it too.
            (false, "open this in a browser anywhere"),
        ] {
            assert_eq!(said(listens), format!("{lead}{sentence}"));
        }
    }

    #[test]
    fn z_01_the_likeliest_way_is_told_first() {
        let order = |first, ssh, shared, wished| {
            let told = [Forward, Browser, Paste, Device].map(|way| Told {
                way,
                lead: "",
                text: String::new(),
                picture: None,
            });
            let place = Surroundings {
                first,
                wished,
                ssh,
                shared,
                led: false,
                pastes: true,
                qr: false,
            };
            let told = in_order(told.into(), &place);
            told.into_iter().map(|told| told.way).collect::<Vec<_>>()
        };
        let over_ssh = |first, shared| order(first, true, shared, false);
        assert_eq!(over_ssh(Device, false), [Device, Forward, Browser, Paste]);
        assert_eq!(over_ssh(Paste, false), [Paste, Device, Forward, Browser]);
        assert_eq!(over_ssh(Device, true), [Device, Browser, Paste, Forward]);
        // On this machine the long address comes last, unless it is wished for.
        let here = |wished| order(Paste, false, false, wished);
        assert_eq!(here(false), [Device, Forward, Browser, Paste]);
        assert_eq!(here(true), [Paste, Device, Forward, Browser]);
    }
}
