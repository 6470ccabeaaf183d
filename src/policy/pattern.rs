//! Patterns with `*` and `?`, and what of a set of texts they take.
//!
//! A request is often known in part: this API and stage, whatever method and
//! path. So a pattern is not asked whether it takes a text but whether it takes
//! all of a set of them, some, or none.

use std::collections::{BTreeSet, VecDeque};

/// A piece of a pattern in a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// This character.
    Char(char),
    /// `?`: one character.
    One,
    /// `*`: any run of them.
    Run,
}

/// A piece of a set of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Part {
    Char(char),
    /// One character but `/`.
    Inner,
    /// Any run without `/`.
    InnerRun,
    /// Any run.
    Run,
}

/// One text, or a set of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts(Vec<Part>);

impl Texts {
    /// This text alone.
    pub fn one(text: &str) -> Self {
        Self(text.chars().map(Part::Char).collect())
    }

    /// This text, with `*` for any run of characters and `+` for a run without
    /// `/` that is not empty.
    pub(super) fn set(text: &str) -> Self {
        let parts = text.chars().flat_map(|letter| match letter {
            '*' => vec![Part::Run],
            '+' => vec![Part::Inner, Part::InnerRun],
            letter => vec![Part::Char(letter)],
        });
        Self(parts.collect())
    }

    /// Goes on with these.
    pub(super) fn push(&mut self, more: &Self) {
        self.0.extend_from_slice(&more.0);
    }

    /// The text, if it is one.
    fn single(&self) -> Option<Vec<char>> {
        let letters = self.0.iter().map(|part| match part {
            Part::Char(letter) => Some(*letter),
            _ => None,
        });
        letters.collect()
    }

    fn lowercase(&self) -> Self {
        let lower = self.0.iter().map(|part| match part {
            Part::Char(letter) => Part::Char(letter.to_ascii_lowercase()),
            other => *other,
        });
        Self(lower.collect())
    }
}

/// How much of a set of texts a pattern takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    All,
    Some,
    None,
}

/// The pieces of a text in which `*` and `?` are wildcards.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let piece = |letter| match letter {
        '*' => Piece::Run,
        '?' => Piece::One,
        letter => Piece::Char(letter),
    };
    text.chars().map(piece).collect()
}

/// Whether the pattern takes the text.
pub(super) fn matches(pattern: &[Piece], text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    takes(&pieces_of(pattern, false), &letters)
}

/// The same, without regard to upper and lower case in ASCII.
pub(super) fn matches_caseless(pattern: &[Piece], text: &str) -> bool {
    matches(&lowercase(pattern), &text.to_ascii_lowercase())
}

fn lowercase(pattern: &[Piece]) -> Vec<Piece> {
    let lower = pattern.iter().map(|piece| match piece {
        Piece::Char(letter) => Piece::Char(letter.to_ascii_lowercase()),
        other => *other,
    });
    lower.collect()
}

/// How much of a set of actions a pattern takes; case does not count.
pub(super) fn fit_caseless(pattern: &[Piece], texts: &Texts) -> Fit {
    let pieces = pieces_of(&lowercase(pattern), false);
    fit_of(&pieces, &texts.lowercase())
}

/// How much of a set of ARNs a pattern takes. None: it is not documented.
///
/// IAM user guide, "Resource": wildcards stand within the segments between
/// colons; only a `*` that ends a segment goes beyond one. Where it would
/// matter that another one did, AWS's answer is not known.
pub(super) fn fit_arns(pattern: &[Piece], texts: &Texts) -> Option<Fit> {
    let far = fit_of(&pieces_of(pattern, false), texts);
    let near = fit_of(&pieces_of(pattern, true), texts);
    (far == near).then_some(far)
}

/// A piece, and whether it takes colons.
type Bounded = (Piece, bool);

fn pieces_of(pattern: &[Piece], bounded: bool) -> Vec<Bounded> {
    let mut colons = 0;
    let pieces = pattern.iter().enumerate().map(|(at, piece)| {
        if *piece == Piece::Char(':') {
            colons += 1;
        }
        let ends = matches!(pattern.get(at + 1), None | Some(Piece::Char(':')));
        let beyond = colons >= 5 || (*piece == Piece::Run && ends);
        (*piece, beyond || !bounded)
    });
    pieces.collect()
}

/// Takes the step of one character from a set of places in the pattern.
fn step(pattern: &[Bounded], places: &BTreeSet<usize>, letter: char) -> BTreeSet<usize> {
    let mut next = BTreeSet::new();
    for place in places {
        match pattern.get(*place) {
            Some((Piece::Char(wanted), _)) if *wanted == letter => {
                next.insert(place + 1);
            }
            Some((Piece::One, colons)) if *colons || letter != ':' => {
                next.insert(place + 1);
            }
            Some((Piece::Run, colons)) if *colons || letter != ':' => {
                next.insert(*place);
            }
            _ => {}
        }
    }
    closed(pattern, next)
}

/// The places with those behind runs that may be empty.
fn closed(pattern: &[Bounded], mut places: BTreeSet<usize>) -> BTreeSet<usize> {
    let mut ahead: Vec<usize> = places.iter().copied().collect();
    while let Some(place) = ahead.pop() {
        if matches!(pattern.get(place), Some((Piece::Run, _))) && places.insert(place + 1) {
            ahead.push(place + 1);
        }
    }
    places
}

fn takes(pattern: &[Bounded], letters: &[char]) -> bool {
    let mut places = closed(pattern, BTreeSet::from([0]));
    for letter in letters {
        places = step(pattern, &places, *letter);
        if places.is_empty() {
            return false;
        }
    }
    places.contains(&pattern.len())
}

/// More states than any pattern of use has. Beyond, the answer is "some": it is
/// never wrong.
const MOST: usize = 20_000;

fn fit_of(pattern: &[Bounded], texts: &Texts) -> Fit {
    if let Some(letters) = texts.single() {
        return if takes(pattern, &letters) {
            Fit::All
        } else {
            Fit::None
        };
    }
    let texts = &texts.0;
    let alphabet = alphabet(pattern, texts);
    let start = (0, closed(pattern, BTreeSet::from([0])));
    let mut seen = BTreeSet::from([start.clone()]);
    let mut ahead = VecDeque::from([start]);
    let (mut hit, mut missed) = (false, false);
    while let Some((at, places)) = ahead.pop_front() {
        if (hit && missed) || seen.len() > MOST {
            return Fit::Some;
        }
        let mut visit = |state: (usize, BTreeSet<usize>)| {
            if seen.insert(state.clone()) {
                ahead.push_back(state);
            }
        };
        let Some(part) = texts.get(at) else {
            if places.contains(&pattern.len()) {
                hit = true;
            } else {
                missed = true;
            }
            continue;
        };
        let run = matches!(part, Part::InnerRun | Part::Run);
        if run {
            visit((at + 1, places.clone()));
        }
        let fits = |letter: char| match part {
            Part::Char(one) => *one == letter,
            Part::Inner | Part::InnerRun => letter != '/',
            Part::Run => true,
        };
        for letter in alphabet.iter().filter(|letter| fits(**letter)) {
            let next = if run { at } else { at + 1 };
            visit((next, step(pattern, &places, *letter)));
        }
    }
    match (hit, missed) {
        (true, false) => Fit::All,
        (false, _) => Fit::None,
        (true, true) => Fit::Some,
    }
}

/// The characters that are told apart, and one that stands for all others.
fn alphabet(pattern: &[Bounded], texts: &[Part]) -> BTreeSet<char> {
    let ours = pattern.iter().filter_map(|(piece, _)| match piece {
        Piece::Char(letter) => Some(*letter),
        _ => None,
    });
    let theirs = texts.iter().filter_map(|part| match part {
        Part::Char(letter) => Some(*letter),
        _ => None,
    });
    ours.chain(theirs).chain(['/', ':', '\u{0}']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_iam() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("s3:Get*", "s3:GetObject", true),
            ("s3:*Object", "s3:GetObjectObject", true),
            ("s3:?etObject", "s3:GetObject", true),
            ("s3:Get?", "s3:GetObject", false),
            ("s3:Get", "s3:GetObject", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("?", "ü", true),
        ] {
            assert_eq!(matches(&pieces(pattern), text), fits, "{pattern} {text}");
        }
        assert!(matches_caseless(&pieces("S3:get*"), "s3:GetObject"));
    }

    #[test]
    fn a_set_of_texts_is_taken_as_a_whole_in_part_or_not_at_all() {
        let fit = |pattern: &str, set: &str| {
            fit_of(&pieces_of(&pieces(pattern), false), &Texts::set(set))
        };
        for (pattern, set, expected) in [
            ("api/*", "api/v1/+/*", Fit::All),
            ("api/v1/*/*", "api/v1/+/*", Fit::All),
            ("api/v1/GET/*", "api/v1/+/*", Fit::Some),
            ("api/v2/*", "api/v1/+/*", Fit::None),
            ("api/v1/*/sms/*", "api/v1/+/*", Fit::Some),
            ("api/v1/*/sms", "api/v1/GET/+", Fit::Some),
            ("api/v1/*/sms", "api/v1/GET/+x", Fit::None),
            ("api/v1/???/*", "api/v1/+/*", Fit::Some),
            ("api/v1/?*/*", "api/v1/+/*", Fit::All),
            ("api/v1/*/*/*", "api/v1/+/*", Fit::Some),
        ] {
            assert_eq!(fit(pattern, set), expected, "{pattern} {set}");
        }
    }

    #[test]
    fn only_a_star_at_the_end_of_a_segment_surely_goes_beyond_its_colon() {
        let fit = |pattern: &str| {
            let arn = Texts::one("arn:aws:execute-api:eu-central-1:111122223333:abc/v1/GET/a:b");
            fit_arns(&pieces(pattern), &arn)
        };
        assert_eq!(fit("arn:aws:execute-api:*"), Some(Fit::All));
        assert_eq!(fit("arn:*:abc/*"), Some(Fit::All));
        assert_eq!(fit("arn:aws:execute-api:*:*:abc/*b"), Some(Fit::All));
        assert_eq!(fit("arn:aws:execute-api:e*/v1/*"), None);
        assert_eq!(fit("arn:aws:execute-api:u*/v1/*"), Some(Fit::None));
    }
}
