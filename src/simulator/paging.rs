//! Pages: every service cuts its lists the same way.

use super::random::digest;

/// Cuts a page out of a list: the items, and the token of the next page. None: the token is not ours.
pub fn cut<T>(all: Vec<T>, size: usize, token: Option<&str>) -> Option<(Vec<T>, Option<String>)> {
    let start = token
        .filter(|token| !token.is_empty())
        .map_or(Some(0), offset)?;
    let (end, size) = (start + size.max(1), size.max(1));
    let next = (end < all.len()).then(|| token_for(end));
    Some((all.into_iter().skip(start).take(size).collect(), next))
}

/// A token says where to go on, in a form nobody is tempted to read.
fn token_for(offset: usize) -> String {
    format!("{}{offset:08x}", digest(&format!("page {offset}"), 24))
}

fn offset(token: &str) -> Option<usize> {
    let offset = usize::from_str_radix(token.get(24..)?, 16).ok()?;
    (token_for(offset) == token).then_some(offset)
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn pages_follow_each_other() {
        let (first, next) = cut(vec![1, 2, 3], 2, None).unwrap();
        assert_eq!(first, [1, 2]);
        let (last, end) = cut(vec![1, 2, 3], 2, next.as_deref()).unwrap();
        assert_eq!((last, end), (vec![3], None));
        assert!(cut(vec![1], 1, Some("made up")).is_none());
    }
}
